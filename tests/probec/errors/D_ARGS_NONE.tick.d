/* expect: probec: failed to compile script D_ARGS_NONE.tick.d: [D_ARGS_NONE] line 2: args[ ] may not be referenced because the probe has no typed arguments */
tick-1s { trace(args[0]); }
