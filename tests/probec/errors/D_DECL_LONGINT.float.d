/* expect: probec: failed to compile script D_DECL_LONGINT.float.d: [D_DECL_LONGINT] line 2: invalid type declaration: short and long may only be used with integer type */
long float x;
BEGIN { }
