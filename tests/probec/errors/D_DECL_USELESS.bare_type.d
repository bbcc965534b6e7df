/* expect: probec: failed to compile script D_DECL_USELESS.bare_type.d: [D_DECL_USELESS] line 2: useless declaration */
int; BEGIN { }
