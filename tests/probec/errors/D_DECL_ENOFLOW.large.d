/* expect: probec: failed to compile script D_DECL_ENOFLOW.large.d: [D_DECL_ENOFLOW] line 2: enumerator 'B' value overflows INT_MAX (2147483647) */
enum e { A = 2147483647, B };
BEGIN { }
