/* expect: probec: failed to compile script D_IDENT_UNDEF.multi_line.d: [D_IDENT_UNDEF] line 5: failed to resolve nothing: Unknown variable name */
BEGIN
{
	x = 1 +
	    nothing +
	    2;
}
