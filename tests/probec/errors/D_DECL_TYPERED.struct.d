/* expect: probec: failed to compile script D_DECL_TYPERED.struct.d: [D_DECL_TYPERED] line 3: type redeclared: struct s */
struct s { int a; };
struct s { int b; };
BEGIN { }
