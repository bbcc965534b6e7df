/* expect: probec: failed to compile script D_FUNC_UNDEF.unknown.d: [D_FUNC_UNDEF] line 2: undefined function name: nothing_like_it */
BEGIN { nothing_like_it(1); }
