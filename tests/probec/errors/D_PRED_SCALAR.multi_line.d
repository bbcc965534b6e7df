/* expect: probec: failed to compile script D_PRED_SCALAR.multi_line.d: [D_PRED_SCALAR] line 6: predicate result must be of scalar type */
BEGIN
/"a"/
{
	trace(1);
}
