/* expect: probec: failed to compile script D_DECL_VOIDOBJ.before_syntax_error.d: [D_DECL_VOIDOBJ] line 2: cannot have void object */
void x;
BEGIN { trace(1; }
