/* expect: probec: failed to compile script D_MACRO_UNUSED.string.d: [D_MACRO_UNUSED] line 3: extraneous argument 'three' ($3 is not referenced) */
/* args: one two three */ BEGIN { trace($$1); trace($$2); }
