/* expect: probec: failed to compile script D_PROTO_ARG.lltostr.d: [D_PROTO_ARG] line 2: lltostr( ) argument #1 is incompatible with prototype:\n\tprototype: int64_t\n\t argument: string */
BEGIN { trace(lltostr("a")); }
