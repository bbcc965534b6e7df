/* expect: probec: failed to compile script D_FUNC_IDKIND.builtin_called.d: [D_FUNC_IDKIND] line 2: scalar 'pid' may not be referenced as a function */
BEGIN { pid(); }
