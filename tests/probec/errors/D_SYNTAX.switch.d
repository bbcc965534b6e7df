/* expect: probec: failed to compile script D_SYNTAX.switch.d: [D_SYNTAX] line 2: syntax error near "switch" */
BEGIN { switch (1) { } }
