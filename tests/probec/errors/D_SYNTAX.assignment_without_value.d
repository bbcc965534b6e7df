/* expect: probec: failed to compile script D_SYNTAX.assignment_without_value.d: [D_SYNTAX] line 2: syntax error near ";" */
BEGIN { x = ; }
