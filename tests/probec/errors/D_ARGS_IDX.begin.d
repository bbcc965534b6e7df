/* expect: probec: failed to compile script D_ARGS_IDX.begin.d: [D_ARGS_IDX] line 2: index 0 is out of range for :::BEGIN args[ ] */
BEGIN { trace(args[0]); }
