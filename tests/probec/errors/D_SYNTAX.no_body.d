/* expect: probec: failed to compile script D_SYNTAX.no_body.d: [D_SYNTAX] line 3: syntax error near "END" */
BEGIN
END { exit(0); }
