/* expect: probec: failed to compile script D_DECL_BADCLASS.inline.d: [D_DECL_BADCLASS] line 2: specified storage class not appropriate for inline declaration */
inline static int x = 3;
BEGIN { exit(0); }
