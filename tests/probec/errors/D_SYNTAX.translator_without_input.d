/* expect: probec: failed to compile script D_SYNTAX.translator_without_input.d: [D_SYNTAX] line 2: syntax error near "a" */
struct o { int a; }; translator struct o { a = 1; }; BEGIN { }
