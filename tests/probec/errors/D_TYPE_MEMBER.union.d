/* expect: probec: failed to compile script D_TYPE_MEMBER.union.d: [D_TYPE_MEMBER] line 2: b is not a member of union u */
union u { int a; }; union u v; BEGIN { trace(v.b); }
