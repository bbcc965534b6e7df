/* expect: probec: failed to compile script D_DECL_CHARATTR.short_char.d: [D_DECL_CHARATTR] line 2: invalid type declaration: short and long may not be used with char type */
short char x; BEGIN { }
