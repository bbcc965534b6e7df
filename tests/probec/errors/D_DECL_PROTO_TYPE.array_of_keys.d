/* expect: probec: failed to compile script D_DECL_PROTO_TYPE.array_of_keys.d: [D_DECL_PROTO_TYPE] line 2: function prototype may not use parameter of type <DYN>: a, parameter #1 */
int f(int a[string]);
BEGIN { exit(0); }
