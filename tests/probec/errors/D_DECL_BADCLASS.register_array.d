/* expect: probec: failed to compile script D_DECL_BADCLASS.register_array.d: [D_DECL_BADCLASS] line 2: specified storage class not appropriate in D */
register int x[4]; BEGIN { }
