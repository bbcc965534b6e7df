/* expect: probec: failed to compile script D_SPEC_COMM.discard.d: [D_SPEC_COMM] line 2: speculate( ) may not follow commit( ) */
BEGIN { commit(1); discard(2); speculate(3); }
