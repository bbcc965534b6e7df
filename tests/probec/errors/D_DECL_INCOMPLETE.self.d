/* expect: probec: failed to compile script D_DECL_INCOMPLETE.self.d: [D_DECL_INCOMPLETE] line 2: incomplete struct/union/enum struct never */
self struct never x; BEGIN { }
