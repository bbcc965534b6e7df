/* expect: probec: failed to compile script D_ARGS_IDX.range.d: [D_ARGS_IDX] line 2: index 1 is out of range for syscall::close:entry args[ ] */
syscall::close:entry { trace(args[1]); }
