/* expect: probec: failed to compile script D_SYNTAX.selfarrow.d: [D_SYNTAX] line 2: syntax error near "1" */
BEGIN { self->1 = 2; }
