/* expect: probec: failed to compile script D_DECL_IDRED.builtin.d: [D_DECL_IDRED] line 2: built-in identifier redeclared: pid */
int pid; BEGIN { }
