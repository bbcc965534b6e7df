/* expect: probec: failed to compile script D_MACRO_UNDEF.second.d: [D_MACRO_UNDEF] line 2: macro argument $2 is not defined */
/* args: 1 */ BEGIN { trace($1); trace($2); }
