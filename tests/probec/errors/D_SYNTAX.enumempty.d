/* expect: probec: failed to compile script D_SYNTAX.enumempty.d: [D_SYNTAX] line 2: syntax error near "}" */
enum e { }; BEGIN { }
