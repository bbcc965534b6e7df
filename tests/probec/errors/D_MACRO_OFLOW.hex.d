/* expect: probec: failed to compile script D_MACRO_OFLOW.hex.d: [D_MACRO_OFLOW] line 2: macro argument constant 0x1ffffffffffffffff results in integer overflow */
/* args: 0x1ffffffffffffffff */ BEGIN { trace($1); }
