/* expect: probec: failed to compile script D_MACRO_UNDEF.bad_name.d: [D_MACRO_UNDEF] line 2: macro variable $nosuch is not defined */
BEGIN { trace($nosuch); }
