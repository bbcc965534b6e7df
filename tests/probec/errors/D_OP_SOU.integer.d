/* expect: probec: failed to compile script D_OP_SOU.integer.d: [D_OP_SOU] line 3: operator -> cannot be applied to a pointer to type int; it requires a pointer to a struct or union */
int *p;
BEGIN { trace(p->a); }
