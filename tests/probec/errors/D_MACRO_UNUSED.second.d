/* expect: probec: failed to compile script D_MACRO_UNUSED.second.d: [D_MACRO_UNUSED] line 4: extraneous argument 'b' ($2 is not referenced) */
/* args: a b */
BEGIN { trace($$1); }
