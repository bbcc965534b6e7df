/* expect: probec: failed to compile script D_ARGS_TYPE.variable.d: [D_ARGS_TYPE] line 2: args[ ] index must be an integer constant */
syscall::read:entry { trace(args[cpu]); }
