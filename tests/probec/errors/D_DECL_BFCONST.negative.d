/* expect: probec: failed to compile script D_DECL_BFCONST.negative.d: [D_DECL_BFCONST] line 2: positive integral constant expression expected as bit-field size */
struct s { int a : -1; }; BEGIN { }
