/* expect: probec: failed to compile script D_DECL_DYNOBJ.member.d: [D_DECL_DYNOBJ] line 2: cannot have dynamic member: a */
struct s { int a[string]; };
BEGIN { exit(0); }
