/* expect: probec: failed to compile script D_OP_INCOMPAT.multi_line.d: [D_OP_INCOMPAT] line 7: operands have incompatible types: "string" = "int" */
BEGIN
{
	x = "a";
	x =
	    2
	    ;
}
