/* expect: probec: failed to compile script D_DECL_PROTO_NAME.void.d: [D_DECL_PROTO_NAME] line 2: void parameter may not have a name: x */
int f(void x);
BEGIN { exit(0); }
