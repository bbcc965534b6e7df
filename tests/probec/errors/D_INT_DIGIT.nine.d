/* expect: probec: failed to compile script D_INT_DIGIT.nine.d: [D_INT_DIGIT] line 2: constant 0779 contains invalid digit 9 */
BEGIN { x = 0779; }
