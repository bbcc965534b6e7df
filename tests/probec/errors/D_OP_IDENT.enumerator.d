/* expect: probec: failed to compile script D_OP_IDENT.enumerator.d: [D_OP_IDENT] line 2: operator . must be followed by an identifier */
enum e { a }; struct s { int b; }; struct s v; BEGIN { trace(v.a); }
