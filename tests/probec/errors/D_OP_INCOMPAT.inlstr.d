/* expect: probec: failed to compile script D_OP_INCOMPAT.inlstr.d: [D_OP_INCOMPAT] line 2: inline x definition uses incompatible types: "int" = "string" */
inline int x = "s"; BEGIN { exit(0); }
