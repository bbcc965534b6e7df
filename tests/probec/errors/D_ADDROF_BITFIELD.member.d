/* expect: probec: failed to compile script D_ADDROF_BITFIELD.member.d: [D_ADDROF_BITFIELD] line 4: cannot take address of bit-field */
struct s { int a : 3; };
struct s v;
BEGIN { trace(&v.a); }
