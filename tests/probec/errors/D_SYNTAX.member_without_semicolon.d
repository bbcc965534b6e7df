/* expect: probec: failed to compile script D_SYNTAX.member_without_semicolon.d: [D_SYNTAX] line 2: syntax error near "}" */
struct { int a } x; BEGIN { }
