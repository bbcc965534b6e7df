/* expect: probec: failed to compile script D_IDENT_UNDEF.second_clause.d: [D_IDENT_UNDEF] line 6: failed to resolve y: Unknown variable name */
BEGIN { x = 1; }
END
{
	trace(x);
	trace(y);
}
