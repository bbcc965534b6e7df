/* expect: probec: failed to compile script D_OP_INCOMPAT.inline_string.d: [D_OP_INCOMPAT] line 2: inline x definition uses incompatible types: "int" = "string" */
inline int x = "str";
BEGIN { exit(0); }
