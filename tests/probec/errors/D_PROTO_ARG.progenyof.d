/* expect: probec: failed to compile script D_PROTO_ARG.progenyof.d: [D_PROTO_ARG] line 2: progenyof( ) argument #1 is incompatible with prototype:\n\tprototype: pid_t\n\t argument: string */
BEGIN { trace(progenyof("a")); }
