/* expect: probec: failed to compile script D_DECL_BFSIZE.int.d: [D_DECL_BFSIZE] line 2: bit-field too big for type: a */
struct s { int a : 33; }; BEGIN { }
