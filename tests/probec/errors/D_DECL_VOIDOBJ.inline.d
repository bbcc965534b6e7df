/* expect: probec: failed to compile script D_DECL_VOIDOBJ.inline.d: [D_DECL_VOIDOBJ] line 2: cannot declare void inline: v */
inline void v = 1; BEGIN { }
