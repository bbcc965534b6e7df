/* expect: probec: failed to compile script D_SYNTAX.hexfloat.d: [D_SYNTAX] line 2: floating-point constants are not permitted */
BEGIN { trace(1e5); }
