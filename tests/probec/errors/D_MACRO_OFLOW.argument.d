/* expect: probec: failed to compile script D_MACRO_OFLOW.argument.d: [D_MACRO_OFLOW] line 2: macro argument constant 0x12345678123456789 results in integer overflow */
/* args: 0x12345678123456789 */ BEGIN { trace($1); }
