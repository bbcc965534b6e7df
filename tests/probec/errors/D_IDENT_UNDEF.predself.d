/* expect: probec: failed to compile script D_IDENT_UNDEF.predself.d: [D_IDENT_UNDEF] line 2: failed to resolve seen: Unknown variable name */
BEGIN /!seen/ { seen = 1; }
