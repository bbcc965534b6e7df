/* expect: probec: failed to compile script D_IDENT_UNDEF.key.d: [D_IDENT_UNDEF] line 2: failed to resolve nothing: Unknown variable name */
BEGIN { @[nothing] = count(); }
