/* expect: probec: failed to compile script D_MACRO_UNDEF.unknown_variable.d: [D_MACRO_UNDEF] line 2: macro variable $foo is not defined */
BEGIN { trace($foo); }
