/* expect: probec: failed to compile script D_FUNC_IDKIND.variable.d: [D_FUNC_IDKIND] line 2: x( ) is not a function */
BEGIN { x = 1; x(2); }
