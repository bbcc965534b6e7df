/* expect: probec: failed to compile script D_IDENT_UNDEF.inline.d: [D_IDENT_UNDEF] line 2: failed to resolve x: Unknown variable name */
inline int x = x + 1;
BEGIN { }
