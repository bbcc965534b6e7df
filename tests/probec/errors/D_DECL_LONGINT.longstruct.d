/* expect: probec: failed to compile script D_DECL_LONGINT.longstruct.d: [D_DECL_LONGINT] line 2: invalid type declaration: long and long long may only be used with integer or floating-point type */
struct s { int a; }; long struct s x; BEGIN { }
