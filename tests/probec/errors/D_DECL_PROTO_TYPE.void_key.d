/* expect: probec: failed to compile script D_DECL_PROTO_TYPE.void_key.d: [D_DECL_PROTO_TYPE] line 2: array prototype may not use parameter of type void: (anonymous), parameter #1 */
int x[void, char];
BEGIN { }
