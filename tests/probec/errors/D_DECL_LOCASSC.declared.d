/* expect: probec: failed to compile script D_DECL_LOCASSC.declared.d: [D_DECL_LOCASSC] line 2: cannot declare local associative array: x */
this int x[int];
BEGIN { }
