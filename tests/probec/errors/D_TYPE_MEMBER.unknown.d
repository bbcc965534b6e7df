/* expect: probec: failed to compile script D_TYPE_MEMBER.unknown.d: [D_TYPE_MEMBER] line 4: b is not a member of struct s */
struct s { int a; };
struct s v;
BEGIN { trace(v.b); }
