/* expect: probec: failed to compile script D_DECL_CHARATTR.long.d: [D_DECL_CHARATTR] line 2: invalid type declaration: short and long may not be used with char type */
BEGIN { x = (char long)0; }
