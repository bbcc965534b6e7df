/* expect: probec: failed to compile script D_SYNTAX.backslash.d: [D_SYNTAX] line 2: syntax error near "\" */
BEGIN { x = \ 1; }
