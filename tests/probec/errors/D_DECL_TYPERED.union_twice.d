/* expect: probec: failed to compile script D_DECL_TYPERED.union_twice.d: [D_DECL_TYPERED] line 2: type redeclared: union u */
union u { int a; }; union u { int a; }; BEGIN { }
