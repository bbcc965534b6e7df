/* expect: probec: failed to compile script D_DECL_TYPERED.enum_twice.d: [D_DECL_TYPERED] line 2: type redeclared: enum u */
enum u { A }; enum u { B }; BEGIN { }
