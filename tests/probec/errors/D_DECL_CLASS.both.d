/* expect: probec: failed to compile script D_DECL_CLASS.both.d: [D_DECL_CLASS] line 2: only one storage class allowed in declaration */
self this int x;
BEGIN { }
