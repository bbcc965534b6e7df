/* expect: probec: failed to compile script D_DECL_ARRNULL.empty_brackets.d: [D_DECL_ARRNULL] line 2: array declaration requires array dimension or tuple signature: x */
struct s { int a; }; int x[]; BEGIN { }
