/* expect: probec: failed to compile script D_MACRO_OFLOW.hex.d: [D_MACRO_OFLOW] line 2: macro argument 0x1ffffffffffffffff is too large for an integer */
/* args: 0x1ffffffffffffffff */ BEGIN { trace($1); }
