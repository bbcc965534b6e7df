/* expect: probec: failed to compile script D_COMM_DREC.aggregation.d: [D_COMM_DREC] line 2: commit( ) may not follow data-recording action(s) */
BEGIN { @ = count(); commit(1); }
