/* expect: probec: failed to compile script D_DECL_BFCONST.variable.d: [D_DECL_BFCONST] line 3: positive integral constant expression expected as bit-field size */
int n;
struct s { int x : n; };
BEGIN { exit(0); }
