/* expect: probec: failed to compile script D_DECL_SIGNINT.struct.d: [D_DECL_SIGNINT] line 3: invalid type declaration: signed and unsigned may only be used with integer type */
struct s { int a; };
unsigned struct s x;
BEGIN { exit(0); }
