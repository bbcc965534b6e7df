/* expect: probec: failed to compile script D_DECL_SCOPE.name.d: [D_DECL_SCOPE] line 2: D scoping operator may not be used in a declaration name (`xyz) */
int `xyz;
BEGIN { }
