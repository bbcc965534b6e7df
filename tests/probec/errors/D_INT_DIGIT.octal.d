/* expect: probec: failed to compile script D_INT_DIGIT.octal.d: [D_INT_DIGIT] line 2: constant 09 contains invalid digit 9 */
BEGIN { x = 09; }
