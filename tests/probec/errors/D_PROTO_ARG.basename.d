/* expect: probec: failed to compile script D_PROTO_ARG.basename.d: [D_PROTO_ARG] line 2: basename( ) argument #1 is incompatible with prototype:\n\tprototype: const char *\n\t argument: int */
BEGIN { trace(basename(1)); }
