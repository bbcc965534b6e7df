/* expect: probec: failed to compile script D_OP_IDENT.inline_name.d: [D_OP_IDENT] line 2: operator . must be followed by an identifier */
inline int a = 1; struct s { int a; }; struct s v; BEGIN { trace(v.a); }
