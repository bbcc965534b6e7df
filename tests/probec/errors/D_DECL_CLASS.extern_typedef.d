/* expect: probec: failed to compile script D_DECL_CLASS.extern_typedef.d: [D_DECL_CLASS] line 2: only one storage class allowed in declaration */
extern typedef int x; BEGIN { }
