/* expect: probec: failed to compile script D_DECL_SCOPE.struct_tag.d: [D_DECL_SCOPE] line 2: D scoping operator may not be used in a type name: a`b */
struct a`b { int x; }; BEGIN { }
