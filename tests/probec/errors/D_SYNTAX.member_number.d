/* expect: probec: failed to compile script D_SYNTAX.member_number.d: [D_SYNTAX] line 2: syntax error near "1" */
struct s { int 1; }; BEGIN { }
