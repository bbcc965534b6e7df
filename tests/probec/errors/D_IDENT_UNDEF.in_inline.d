/* expect: probec: failed to compile script D_IDENT_UNDEF.in_inline.d: [D_IDENT_UNDEF] line 2: failed to resolve b: Unknown variable name */
inline int a = b; BEGIN { }
