/* expect: probec: failed to compile script D_IDENT_BADREF.array_read.d: [D_IDENT_BADREF] line 2: associative array 'x' may not be referenced as scalar */
BEGIN { x[1] = 1; trace(x); }
