/* expect: probec: failed to compile script D_PROTO_ARG.key.d: [D_PROTO_ARG] line 2: x[ ] key #2 is incompatible with prototype:\n\tprototype: string\n\t      key: int */
BEGIN { x[1, "a"] = 1; x[1, 2] = 1; }
