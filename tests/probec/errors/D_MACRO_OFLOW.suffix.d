/* expect: probec: failed to compile script D_MACRO_OFLOW.suffix.d: [D_MACRO_OFLOW] line 2: macro integer argument 123abc has an invalid suffix */
/* args: 123abc */ BEGIN { trace($1); }
