/* expect: probec: failed to compile script D_DECL_ENOFLOW.large.d: [D_DECL_ENOFLOW] line 2: enumerator value overflows INT_MAX: B */
enum e { A = 2147483647, B };
BEGIN { }
