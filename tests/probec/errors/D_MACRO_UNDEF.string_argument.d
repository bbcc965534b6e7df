/* expect: probec: failed to compile script D_MACRO_UNDEF.string_argument.d: [D_MACRO_UNDEF] line 2: macro argument $1 is not defined */
BEGIN { trace($$1); }
