/* expect: probec: failed to compile script D_DECL_USELESS.typedef.d: [D_DECL_USELESS] line 2: useless declaration */
typedef int; BEGIN { }
