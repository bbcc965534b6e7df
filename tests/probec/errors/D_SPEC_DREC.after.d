/* expect: probec: failed to compile script D_SPEC_DREC.after.d: [D_SPEC_DREC] line 2: speculate( ) may not follow data-recording action(s) */
BEGIN { trace(1); speculate(1); }
