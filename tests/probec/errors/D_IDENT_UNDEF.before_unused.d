/* expect: probec: failed to compile script D_IDENT_UNDEF.before_unused.d: [D_IDENT_UNDEF] line 2: failed to resolve nothing: Unknown variable name */
/* args: left */ BEGIN { trace(nothing); }
