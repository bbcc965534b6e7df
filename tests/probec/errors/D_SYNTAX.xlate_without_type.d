/* expect: probec: failed to compile script D_SYNTAX.xlate_without_type.d: [D_SYNTAX] line 2: syntax error near "(" */
BEGIN { trace(xlate (1)); }
