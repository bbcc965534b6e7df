/* expect: probec: failed to compile script D_DECL_IDRED.enumerator_after_variable.d: [D_DECL_IDRED] line 2: identifier redeclared: x */
int x; enum e { x }; BEGIN { }
