/* expect: probec: failed to compile script D_SYNTAX.cast_without_operand.d: [D_SYNTAX] line 2: syntax error near ";" */
BEGIN { x = (int); }
