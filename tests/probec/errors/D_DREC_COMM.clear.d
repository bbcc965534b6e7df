/* expect: probec: failed to compile script D_DREC_COMM.clear.d: [D_DREC_COMM] line 2: data-recording actions may not follow commit( ) */
BEGIN { @a = count(); } BEGIN { commit(1); clear(@a); }
