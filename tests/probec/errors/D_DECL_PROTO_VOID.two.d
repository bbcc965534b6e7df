/* expect: probec: failed to compile script D_DECL_PROTO_VOID.two.d: [D_DECL_PROTO_VOID] line 2: void must be the sole parameter */
int f(void, int);
BEGIN { }
