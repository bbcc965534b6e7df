/* expect: probec: failed to compile script D_DECL_MNAME.union.d: [D_DECL_MNAME] line 2: member declaration requires a name */
union u { int; char c; }; BEGIN { }
