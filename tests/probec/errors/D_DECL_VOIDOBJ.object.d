/* expect: probec: failed to compile script D_DECL_VOIDOBJ.object.d: [D_DECL_VOIDOBJ] line 2: cannot have void object */
void v; BEGIN { }
