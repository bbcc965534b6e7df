/* expect: probec: failed to compile script D_DECL_ENCONST.variable.d: [D_DECL_ENCONST] line 2: enumerator 'A' must be assigned to an integral constant expression */
enum e { A = pid };
BEGIN { }
