/* expect: probec: failed to compile script D_CHR_NL.open.d: [D_CHR_NL] line 2: newline encountered in character constant */
BEGIN { x = 'a
