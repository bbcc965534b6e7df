/* expect: probec: failed to compile script D_OFFSETOF_BITFIELD.member.d: [D_OFFSETOF_BITFIELD] line 3: cannot take offset of a bit-field: a */
struct s { int a : 3; };
BEGIN { trace(offsetof(struct s, a)); }
