/* expect: probec: failed to compile script D_PROTO_ARG.alloca.d: [D_PROTO_ARG] line 2: alloca( ) argument #1 is incompatible with prototype:\n\tprototype: size_t\n\t argument: string */
BEGIN { alloca("a"); }
