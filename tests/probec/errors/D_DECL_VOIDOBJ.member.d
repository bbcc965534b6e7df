/* expect: probec: failed to compile script D_DECL_VOIDOBJ.member.d: [D_DECL_VOIDOBJ] line 2: cannot have void member: v */
struct s { void v; }; BEGIN { }
