/* expect: probec: failed to compile script D_DECL_IDRED.enumerator.d: [D_DECL_IDRED] line 2: identifier redeclared: A */
enum e { A, A };
BEGIN { }
