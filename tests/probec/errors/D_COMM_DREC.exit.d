/* expect: probec: failed to compile script D_COMM_DREC.exit.d: [D_COMM_DREC] line 2: commit( ) may not follow data-recording action(s) */
BEGIN { exit(0); commit(1); }
