/* expect: probec: failed to compile script D_MACRO_UNDEF.name.d: [D_MACRO_UNDEF] line 2: macro variable $nothing is not defined */
BEGIN { trace($nothing); }
