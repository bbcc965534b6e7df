/* expect: probec: failed to compile script D_ARGS_MULTI.mixed.d: [D_ARGS_MULTI] line 2: args[ ] may not be referenced because probe description syscall::read:entry matches an unstable set of probes */
syscall::read:entry, tick-1s { trace(args[0]); }
