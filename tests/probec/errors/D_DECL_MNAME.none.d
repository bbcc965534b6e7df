/* expect: probec: failed to compile script D_DECL_MNAME.none.d: [D_DECL_MNAME] line 2: member declaration requires a name */
struct s { int; };
BEGIN { exit(0); }
