/* expect: probec: failed to compile script D_PDESC_INVAL.zero.d: [D_PDESC_INVAL] line 2: Unknown probe identifier */
0 { }
