/* expect: probec: failed to compile script D_STR_NL.format.d: [D_STR_NL] line 2: newline encountered in string literal */
BEGIN { printf("%d

