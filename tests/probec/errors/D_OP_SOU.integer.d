/* expect: probec: failed to compile script D_OP_SOU.integer.d: [D_OP_SOU] line 3: operator -> cannot be applied to pointer to type "int"; must be applied to a struct or union pointer */
int *p;
BEGIN { trace(p->a); }
