/* expect: probec: failed to compile script D_SYNTAX.initializer.d: [D_SYNTAX] line 2: syntax error near "=" */
int x = 1; BEGIN { }
