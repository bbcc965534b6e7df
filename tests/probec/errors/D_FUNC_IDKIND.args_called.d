/* expect: probec: failed to compile script D_FUNC_IDKIND.args_called.d: [D_FUNC_IDKIND] line 2: associative array 'args' may not be referenced as a function */
BEGIN { args(1); }
