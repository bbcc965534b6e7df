/* expect: probec: failed to compile script D_DECL_SIGNINT.typedef.d: [D_DECL_SIGNINT] line 2: invalid type declaration: signed and unsigned may only be used with integer type */
unsigned pid_t x;
BEGIN { exit(0); }
