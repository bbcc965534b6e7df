/* expect: probec: failed to compile script D_MACRO_UNDEF.fourth.d: [D_MACRO_UNDEF] line 3: macro argument $4 is not defined */
/* args: a b c */
BEGIN { trace($4); }
