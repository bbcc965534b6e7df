/* expect: probec: failed to compile script D_FUNC_UNDEF.prototype.d: [D_FUNC_UNDEF] line 3: undefined function name: foo */
int foo(int);
BEGIN { foo(3); }
