/* expect: probec: failed to compile script D_PROTO_ARG.strjoin.d: [D_PROTO_ARG] line 2: strjoin( ) argument #2 is incompatible with prototype:\n\tprototype: const char *\n\t argument: int */
BEGIN { trace(strjoin("a", 1)); }
