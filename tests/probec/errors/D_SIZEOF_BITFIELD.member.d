/* expect: probec: failed to compile script D_SIZEOF_BITFIELD.member.d: [D_SIZEOF_BITFIELD] line 4: cannot apply sizeof to a bit-field */
struct s { int a : 3; };
struct s v;
BEGIN { trace(sizeof (v.a)); }
