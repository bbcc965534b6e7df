/* expect: probec: failed to compile script D_MACRO_UNUSED.before_clauses.d: [D_MACRO_UNUSED] line 3: extraneous argument 'left' ($1 is not referenced) */
/* args: left */ BEGIN { trace(nothing); }
