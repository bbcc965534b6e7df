/* expect: probec: failed to compile script D_SYNTAX.inline_without_value.d: [D_SYNTAX] line 2: syntax error near ";" */
inline int x; BEGIN { }
