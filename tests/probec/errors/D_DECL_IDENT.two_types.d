/* expect: probec: failed to compile script D_DECL_IDENT.two_types.d: [D_DECL_IDENT] line 2: old-style declaration or incorrect type specified */
struct s { int a; } pid_t uid_t;
BEGIN { exit(0); }
