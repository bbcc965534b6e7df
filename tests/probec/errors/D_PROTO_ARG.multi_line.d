/* expect: probec: failed to compile script D_PROTO_ARG.multi_line.d: [D_PROTO_ARG] line 5: strlen( ) argument #1 is incompatible with prototype:\n\tprototype: const char *\n\t argument: int */
BEGIN
{
	trace(strlen(
	    1));
}
