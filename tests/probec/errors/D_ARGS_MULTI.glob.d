/* expect: probec: failed to compile script D_ARGS_MULTI.glob.d: [D_ARGS_MULTI] line 2: args[ ] may not be referenced because probe description syscall:::entry matches an unstable set of probes */
syscall:::entry { trace(args[0]); }
