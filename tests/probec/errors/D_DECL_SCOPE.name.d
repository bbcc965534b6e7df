/* expect: probec: failed to compile script D_DECL_SCOPE.name.d: [D_DECL_SCOPE] line 2: cannot specify scope in a declaration: `xyz */
int `xyz;
BEGIN { }
