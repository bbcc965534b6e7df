/* expect: probec: failed to compile script D_PROTO_ARG.index.d: [D_PROTO_ARG] line 2: index( ) argument #2 is incompatible with prototype:\n\tprototype: const char *\n\t argument: int */
BEGIN { trace(index("a", 1)); }
