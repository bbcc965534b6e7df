/* expect: probec: failed to compile script D_COMM_DREC.printf.d: [D_COMM_DREC] line 2: commit( ) may not follow data-recording action(s) */
BEGIN { printf("x"); commit(1); }
