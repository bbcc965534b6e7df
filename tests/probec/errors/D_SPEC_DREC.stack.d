/* expect: probec: failed to compile script D_SPEC_DREC.stack.d: [D_SPEC_DREC] line 2: speculate( ) may not follow data-recording action(s) */
BEGIN { ustack(); speculate(1); }
