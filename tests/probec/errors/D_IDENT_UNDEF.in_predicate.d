/* expect: probec: failed to compile script D_IDENT_UNDEF.in_predicate.d: [D_IDENT_UNDEF] line 3: failed to resolve nothing: Unknown variable name */
BEGIN
/nothing/
{
}
