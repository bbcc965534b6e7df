/* expect: probec: failed to compile script D_SYNTAX.if_without_condition.d: [D_SYNTAX] line 2: syntax error near "{" */
BEGIN { if { trace(1); } }
