/* expect: probec: failed to compile script D_MACRO_OFLOW.negative.d: [D_MACRO_OFLOW] line 3: macro argument constant -99999999999999999999 results in integer overflow */
/* args: -99999999999999999999 */
BEGIN { trace($1); }
