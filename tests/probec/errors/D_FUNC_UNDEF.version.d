/* expect: probec: failed to compile script D_FUNC_UNDEF.version.d: [D_FUNC_UNDEF] line 3: undefined function name: strchr */
#pragma D option version=1.0
BEGIN { trace(strchr("ab", 98)); }
