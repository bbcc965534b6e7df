/* expect: probec: failed to compile script D_INT_DIGIT.octal.d: [D_INT_DIGIT] line 2: invalid digit 9 in base 8 integer constant */
BEGIN { x = 09; }
