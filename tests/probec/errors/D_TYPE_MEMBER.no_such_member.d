/* expect: probec: failed to compile script D_TYPE_MEMBER.no_such_member.d: [D_TYPE_MEMBER] line 2: failed to determine offset of b: Member name not found */
struct s { int a; }; BEGIN { trace(offsetof(struct s, b)); }
