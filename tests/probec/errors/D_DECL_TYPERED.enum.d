/* expect: probec: failed to compile script D_DECL_TYPERED.enum.d: [D_DECL_TYPERED] line 3: type redeclared: enum e */
enum e { A };
enum e { B };
BEGIN { exit(0); }
