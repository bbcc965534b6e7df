/* expect: probec: failed to compile script D_DECL_ENCONST.string_value.d: [D_DECL_ENCONST] line 2: enumerator 'A' must be assigned to an integral constant expression */
enum e { A = "x" }; BEGIN { }
