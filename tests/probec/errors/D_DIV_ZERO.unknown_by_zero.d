/* expect: probec: failed to compile script D_DIV_ZERO.unknown_by_zero.d: [D_DIV_ZERO] line 2: expression contains division by zero */
BEGIN { x = y / 0; }
