/* expect: probec: failed to compile script D_DREC_COMM.printf.d: [D_DREC_COMM] line 2: data-recording actions may not follow commit( ) */
BEGIN { commit(1); printf("x"); }
