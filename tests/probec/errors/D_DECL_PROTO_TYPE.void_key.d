/* expect: probec: failed to compile script D_DECL_PROTO_TYPE.void_key.d: [D_DECL_PROTO_TYPE] line 2: key type void is not permitted */
int x[void, char];
BEGIN { }
