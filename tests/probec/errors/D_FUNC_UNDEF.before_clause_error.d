/* expect: probec: failed to compile script D_FUNC_UNDEF.before_clause_error.d: [D_FUNC_UNDEF] line 3: undefined function name: nofunction */
BEGIN { trace(nothing); }
END { nofunction(); }
