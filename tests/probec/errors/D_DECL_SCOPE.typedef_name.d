/* expect: probec: failed to compile script D_DECL_SCOPE.typedef_name.d: [D_DECL_SCOPE] line 2: D scoping operator may not be used in a declaration name (a`b) */
typedef int a`b; BEGIN { }
