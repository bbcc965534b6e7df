/* expect: probec: failed to compile script D_ARGS_IDX.tick.d: [D_ARGS_IDX] line 2: index 0 is out of range for :::tick-1s args[ ] */
tick-1s { trace(args[0]); }
