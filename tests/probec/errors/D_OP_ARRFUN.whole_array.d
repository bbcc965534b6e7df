/* expect: probec: failed to compile script D_OP_ARRFUN.whole_array.d: [D_OP_ARRFUN] line 2: operator = may not be applied to operand of type "int [3]" */
int a[3]; int b[3]; BEGIN { a = b; }
