/* expect: probec: failed to compile script D_SYNTAX.case_label.d: [D_SYNTAX] line 2: syntax error near "case" */
BEGIN { case 1: trace(1); }
