/* expect: probec: failed to compile script D_DECL_LOCASSC.string_key.d: [D_DECL_LOCASSC] line 2: cannot declare local associative array: x */
this int x[string]; BEGIN { }
