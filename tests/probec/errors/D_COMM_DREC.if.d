/* expect: probec: failed to compile script D_COMM_DREC.if.d: [D_COMM_DREC] line 2: commit( ) may not follow data-recording action(s) */
BEGIN { if (pid) { trace(1); } commit(1); }
