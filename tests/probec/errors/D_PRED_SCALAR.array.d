/* expect: probec: failed to compile script D_PRED_SCALAR.array.d: [D_PRED_SCALAR] line 3: predicate result must be of scalar type */
int a[4];
BEGIN /a/ { }
