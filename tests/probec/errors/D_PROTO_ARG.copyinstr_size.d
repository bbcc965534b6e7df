/* expect: probec: failed to compile script D_PROTO_ARG.copyinstr_size.d: [D_PROTO_ARG] line 2: copyinstr( ) argument #2 is incompatible with prototype:\n\tprototype: size_t\n\t argument: string */
BEGIN { trace(copyinstr(0, "a")); }
