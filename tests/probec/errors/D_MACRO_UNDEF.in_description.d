/* expect: probec: failed to compile script D_MACRO_UNDEF.in_description.d: [D_MACRO_UNDEF] line 2: macro argument $1 is not defined */
tick-$1 { }
