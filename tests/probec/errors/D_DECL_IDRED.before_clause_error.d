/* expect: probec: failed to compile script D_DECL_IDRED.before_clause_error.d: [D_DECL_IDRED] line 4: identifier redeclared: x */
BEGIN { trace(nothing); }
int x;
char x;
