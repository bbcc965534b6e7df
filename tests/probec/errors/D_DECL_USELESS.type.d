/* expect: probec: failed to compile script D_DECL_USELESS.type.d: [D_DECL_USELESS] line 2: useless declaration */
extern int;
BEGIN { }
