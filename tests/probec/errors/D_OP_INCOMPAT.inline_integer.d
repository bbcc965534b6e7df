/* expect: probec: failed to compile script D_OP_INCOMPAT.inline_integer.d: [D_OP_INCOMPAT] line 2: inline x definition uses incompatible types: "string" = "int" */
inline string x = 3;
BEGIN { exit(0); }
