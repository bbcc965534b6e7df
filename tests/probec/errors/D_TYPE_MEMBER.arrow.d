/* expect: probec: failed to compile script D_TYPE_MEMBER.arrow.d: [D_TYPE_MEMBER] line 2: b is not a member of struct s */
struct s { int a; }; struct s *p; BEGIN { trace(p->b); }
