/* expect: probec: failed to compile script D_DIV_ZERO.remainder.d: [D_DIV_ZERO] line 2: expression contains division by zero */
BEGIN { x = 5 % 0; }
