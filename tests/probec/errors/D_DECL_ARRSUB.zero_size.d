/* expect: probec: failed to compile script D_DECL_ARRSUB.zero_size.d: [D_DECL_ARRSUB] line 2: positive integral constant expression or tuple signature expected as array declaration subscript */
int x[0]; BEGIN { }
