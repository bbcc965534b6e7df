/* expect: probec: failed to compile script D_DECL_BADCLASS.static.d: [D_DECL_BADCLASS] line 2: specified storage class not appropriate in D */
static int x; BEGIN { }
