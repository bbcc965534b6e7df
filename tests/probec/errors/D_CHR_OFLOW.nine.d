/* expect: probec: failed to compile script D_CHR_OFLOW.nine.d: [D_CHR_OFLOW] line 2: character constant is too long */
BEGIN { c = 'abcdefghi'; }
