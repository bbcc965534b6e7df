/* expect: probec: failed to compile script D_DECL_SCOPE.enumerator.d: [D_DECL_SCOPE] line 2: D scoping operator may not be used in an enumerator name (x`y) */
enum a { x`y };
BEGIN { exit(0); }
