/* expect: probec: failed to compile script D_SYNTAX.double_operator.d: [D_SYNTAX] line 2: syntax error near "/" */
BEGIN { x = 1 * / 2; }
