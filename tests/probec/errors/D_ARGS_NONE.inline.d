/* expect: probec: failed to compile script D_ARGS_NONE.inline.d: [D_ARGS_NONE] line 2: args[ ] may not be referenced outside of a probe clause */
inline int x = args[0];
BEGIN { }
