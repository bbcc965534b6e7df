/* expect: probec: failed to compile script D_SYNTAX.nested_comment.d: [D_SYNTAX] line 2: /* encountered inside a comment */
/* a /* b */ BEGIN { }
