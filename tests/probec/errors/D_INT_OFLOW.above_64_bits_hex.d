/* expect: probec: failed to compile script D_INT_OFLOW.above_64_bits_hex.d: [D_INT_OFLOW] line 2: integer constant 0x10000000000000000 cannot be represented in any built-in integral type */
BEGIN { x = 0x10000000000000000; }
