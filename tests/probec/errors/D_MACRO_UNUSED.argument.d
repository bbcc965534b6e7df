/* expect: probec: failed to compile script D_MACRO_UNUSED.argument.d: [D_MACRO_UNUSED] extraneous argument 'hello' ($1 is not referenced) */
/* args: hello */ BEGIN { }
