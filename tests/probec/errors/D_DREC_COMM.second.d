/* expect: probec: failed to compile script D_DREC_COMM.second.d: [D_DREC_COMM] line 2: data-recording actions may not follow commit( ) */
BEGIN { speculate(1); trace(1); commit(1); stack(); }
