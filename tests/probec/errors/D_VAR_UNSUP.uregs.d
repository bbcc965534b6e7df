/* expect: probec: failed to compile script D_VAR_UNSUP.uregs.d: [D_VAR_UNSUP] line 2: uregs is not supported for this kind of guest */
BEGIN { trace(uregs); }
