/* expect: probec: failed to compile script D_DECL_IDRED.version.d: [D_DECL_IDRED] line 3: identifier redeclared: index */

string index;
BEGIN { }
