/* expect: probec: failed to compile script D_DECL_LONGINT.float.d: [D_DECL_LONGINT] line 2: invalid type declaration: long and long long may only be used with integer or floating-point type */
long float x;
BEGIN { }
