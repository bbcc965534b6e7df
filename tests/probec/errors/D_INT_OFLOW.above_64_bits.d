/* expect: probec: failed to compile script D_INT_OFLOW.above_64_bits.d: [D_INT_OFLOW] line 2: integer constant 18446744073709551616 cannot be represented in any built-in integral type */
BEGIN { x = 18446744073709551616; }
