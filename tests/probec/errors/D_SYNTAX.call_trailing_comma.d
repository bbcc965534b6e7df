/* expect: probec: failed to compile script D_SYNTAX.call_trailing_comma.d: [D_SYNTAX] line 2: syntax error near ")" */
BEGIN { trace(1,); }
