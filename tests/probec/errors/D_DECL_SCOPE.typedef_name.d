/* expect: probec: failed to compile script D_DECL_SCOPE.typedef_name.d: [D_DECL_SCOPE] line 2: cannot specify scope in a declaration: a`b */
typedef int a`b; BEGIN { }
