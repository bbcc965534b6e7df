/* expect: probec: failed to compile script D_SYNTAX.nosemi.d: [D_SYNTAX] line 2: syntax error near "BEGIN" */
int x BEGIN { }
