/* expect: probec: failed to compile script D_INT_DIGIT.octal_eight.d: [D_INT_DIGIT] line 2: constant 089 contains invalid digit 8 */
BEGIN { x = 089; }
