/* expect: probec: failed to compile script D_MACRO_UNUSED.argument.d: [D_MACRO_UNUSED] line 3: extraneous argument 'hello' ($1 is not referenced) */
/* args: hello */ BEGIN { }
