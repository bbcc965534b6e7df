/* expect: probec: failed to compile script D_XLATE_NONE.struct.d: [D_XLATE_NONE] line 2: cannot translate from "struct a" to "struct b" */
struct a { int x; }; struct b { int x; }; struct a v; BEGIN { trace((xlate <struct b> (v)).x); }
