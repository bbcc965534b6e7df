/* expect: probec: failed to compile script D_CHR_OFLOW.long.d: [D_CHR_OFLOW] line 2: character constant is too long */
BEGIN { x = '123456789'; }
