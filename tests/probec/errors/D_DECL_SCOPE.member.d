/* expect: probec: failed to compile script D_DECL_SCOPE.member.d: [D_DECL_SCOPE] line 2: D scoping operator may not be used in a declaration name (x`y) */
struct a { int x`y; };
BEGIN { exit(0); }
