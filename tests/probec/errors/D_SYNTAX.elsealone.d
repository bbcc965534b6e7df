/* expect: probec: failed to compile script D_SYNTAX.elsealone.d: [D_SYNTAX] line 2: syntax error near "else" */
BEGIN { else trace(1); }
