/* expect: probec: failed to compile script D_MACRO_UNUSED.last.d: [D_MACRO_UNUSED] line 3: extraneous argument '2' ($2 is not referenced) */
/* args: 1 2 */ BEGIN { trace($1); }
