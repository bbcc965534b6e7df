/* expect: probec: failed to compile script D_SYNTAX.question_mark.d: [D_SYNTAX] line 2: syntax error near ";" */
BEGIN { x ? 1; }
