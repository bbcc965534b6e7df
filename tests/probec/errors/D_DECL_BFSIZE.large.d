/* expect: probec: failed to compile script D_DECL_BFSIZE.large.d: [D_DECL_BFSIZE] line 2: bit-field too big for type: a */
struct s { char a : 9; };
BEGIN { }
