/* expect: probec: failed to compile script D_PROTO_ARG.strtok.d: [D_PROTO_ARG] line 2: strtok( ) argument #2 is incompatible with prototype:\n\tprototype: const char *\n\t argument: int */
BEGIN { trace(strtok("a", 1)); }
