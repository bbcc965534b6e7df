/* expect: probec: failed to compile script D_DECL_MNAME.twice.d: [D_DECL_MNAME] line 2: duplicate member name: a */
struct s { int a; char a; };
BEGIN { }
