/* expect: probec: failed to compile script D_PROTO_ARG.tracemem_size.d: [D_PROTO_ARG] line 2: tracemem( ) argument #2 is incompatible with prototype:\n\tprototype: size_t\n\t argument: string */
BEGIN { tracemem(0, "a"); }
