/* expect: probec: failed to compile script D_DECL_IDRED.variable.d: [D_DECL_IDRED] line 3: identifier redeclared: x */
int x;
string x;
BEGIN { }
