/* expect: probec: failed to compile script D_IDENT_BADREF.function_read.d: [D_IDENT_BADREF] line 2: function 'strlen' may not be referenced as scalar */
BEGIN { trace(strlen); }
