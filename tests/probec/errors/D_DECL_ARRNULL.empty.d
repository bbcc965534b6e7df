/* expect: probec: failed to compile script D_DECL_ARRNULL.empty.d: [D_DECL_ARRNULL] line 2: array declaration requires array dimension or tuple signature: x */
int x[];
BEGIN { }
