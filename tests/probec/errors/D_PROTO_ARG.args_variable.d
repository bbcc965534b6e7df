/* expect: probec: failed to compile script D_PROTO_ARG.args_variable.d: [D_PROTO_ARG] line 2: args[ ] argument #1 is incompatible with prototype:\n\tprototype: integer constant\n\t argument: processorid_t */
syscall::read:entry { trace(args[cpu]); }
