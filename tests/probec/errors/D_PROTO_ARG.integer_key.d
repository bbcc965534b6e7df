/* expect: probec: failed to compile script D_PROTO_ARG.integer_key.d: [D_PROTO_ARG] line 2: x[ ] key #1 is incompatible with prototype:\n\tprototype: string\n\t      key: int */
int x[string]; BEGIN { x[1] = 1; }
