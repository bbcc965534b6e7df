/* expect: probec: failed to compile script D_DECL_ENOFLOW.above_int_max.d: [D_DECL_ENOFLOW] line 2: enumerator 'A' value overflows INT_MAX (2147483647) */
enum e { A = 2147483648 }; BEGIN { }
