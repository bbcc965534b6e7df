/* expect: probec: failed to compile script D_MACRO_OFLOW.argument.d: [D_MACRO_OFLOW] line 2: macro argument 0x12345678123456789 is too large for an integer */
/* args: 0x12345678123456789 */ BEGIN { trace($1); }
