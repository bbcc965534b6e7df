/* expect: probec: failed to compile script D_STR_NL.newline.d: [D_STR_NL] line 2: newline encountered in string literal */
BEGIN { trace("a
"); }
