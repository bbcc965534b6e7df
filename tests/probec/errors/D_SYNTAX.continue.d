/* expect: probec: failed to compile script D_SYNTAX.continue.d: [D_SYNTAX] line 2: syntax error near "continue" */
BEGIN { continue; }
