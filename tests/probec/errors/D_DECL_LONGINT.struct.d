/* expect: probec: failed to compile script D_DECL_LONGINT.struct.d: [D_DECL_LONGINT] line 3: invalid type declaration: long and long long may only be used with integer or floating-point type */
struct s { int a; };
long struct s x;
BEGIN { exit(0); }
