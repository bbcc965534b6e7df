/* expect: probec: failed to compile script D_IDENT_BADREF.args.d: [D_IDENT_BADREF] line 2: associative array 'args' may not be referenced as scalar */
BEGIN { trace(args); }
