/* expect: probec: failed to compile script D_INT_OFLOW.large.d: [D_INT_OFLOW] line 2: integer constant 0x12345678123456789 cannot be represented in any built-in integral type */
BEGIN { x = 0x12345678123456789; }
