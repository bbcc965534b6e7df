/* expect: probec: failed to compile script D_FUNC_IDKIND.variable.d: [D_FUNC_IDKIND] line 3: scalar 'x' may not be referenced as a function */
int x;
BEGIN { x(1); }
