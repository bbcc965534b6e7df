/* expect: probec: failed to compile script D_DECL_INCOMPLETE.forward.d: [D_DECL_INCOMPLETE] line 3: incomplete struct/union/enum struct never */
struct never;
struct never x;
BEGIN { }
