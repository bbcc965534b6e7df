/* expect: probec: failed to compile script D_SYNTAX.offsetof_without_member.d: [D_SYNTAX] line 2: syntax error near ")" */
BEGIN { trace(offsetof(int)); }
