/* expect: probec: failed to compile script D_DECL_PROTO_VOID.two.d: [D_DECL_PROTO_VOID] line 2: void must be sole parameter in a function declaration */
int f(void, int);
BEGIN { }
