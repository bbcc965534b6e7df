/* expect: probec: failed to compile script D_DECL_INCOMPLETE.undefined_member.d: [D_DECL_INCOMPLETE] line 2: incomplete struct/union/enum struct u: v */
struct s { struct u v; }; BEGIN { }
