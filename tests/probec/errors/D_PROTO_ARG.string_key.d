/* expect: probec: failed to compile script D_PROTO_ARG.string_key.d: [D_PROTO_ARG] line 2: x[ ] key #1 is incompatible with prototype:\n\tprototype: int64_t\n\t      key: string */
int x[int]; BEGIN { x["a"] = 1; }
