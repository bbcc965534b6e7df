/* expect: probec: failed to compile script D_SYNTAX.not_pspec.d: [D_SYNTAX] line 3: syntax error near end of input */
int*x
