/* expect: probec: failed to compile script D_IDENT_BADREF.associative.d: [D_IDENT_BADREF] line 2: x is an associative array: it may not be used without an index */
BEGIN { x[1] = 2; trace(sizeof (x)); }
