/* expect: probec: failed to compile script D_IDENT_BADREF.args.d: [D_IDENT_BADREF] line 2: args[ ] may not be used without an index */
BEGIN { trace(args); }
