/* expect: probec: failed to compile script D_PROTO_ARG.strstr.d: [D_PROTO_ARG] line 2: strstr( ) argument #1 is incompatible with prototype:\n\tprototype: const char *\n\t argument: int */
BEGIN { trace(strstr(1, "b")); }
