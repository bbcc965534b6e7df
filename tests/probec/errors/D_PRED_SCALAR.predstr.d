/* expect: probec: failed to compile script D_PRED_SCALAR.predstr.d: [D_PRED_SCALAR] line 2: predicate result must be of scalar type */
BEGIN /"a"/ { }
