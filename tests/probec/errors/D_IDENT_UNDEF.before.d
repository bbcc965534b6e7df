/* expect: probec: failed to compile script D_IDENT_UNDEF.before.d: [D_IDENT_UNDEF] line 2: failed to resolve x: Unknown variable name */
BEGIN { trace(x); } END { x = 1; }
