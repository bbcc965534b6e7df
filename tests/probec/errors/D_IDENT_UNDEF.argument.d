/* expect: probec: failed to compile script D_IDENT_UNDEF.argument.d: [D_IDENT_UNDEF] line 2: failed to resolve nothing: Unknown variable name */
BEGIN { trace(strlen(nothing)); }
