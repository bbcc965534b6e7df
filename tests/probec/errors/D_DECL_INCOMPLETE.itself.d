/* expect: probec: failed to compile script D_DECL_INCOMPLETE.itself.d: [D_DECL_INCOMPLETE] line 2: incomplete struct/union/enum struct s: b */
struct s { int a; struct s b; };
BEGIN { exit(0); }
