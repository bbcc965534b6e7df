/* expect: probec: failed to compile script D_SYNTAX.provider.d: [D_SYNTAX] line 2: syntax error near "p" */
provider mine { p(int a); };
BEGIN { exit(0); }
