/* expect: probec: failed to compile script D_DECL_SIGNINT.unsignedtd.d: [D_DECL_SIGNINT] line 2: invalid type declaration: signed and unsigned may only be used with integer type */
typedef int foo_t; unsigned foo_t x; BEGIN { }
