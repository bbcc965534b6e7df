/* expect: probec: failed to compile script D_SYNTAX.comment.d: [D_SYNTAX] line 3: end-of-file encountered before matching *\/ */
BEGIN { exit(0); } /* never closed
