/* expect: probec: failed to compile script D_FUNC_UNDEF.unknown_name.d: [D_FUNC_UNDEF] line 2: undefined function name: foo */
BEGIN { foo(); }
