/* expect: probec: failed to compile script D_VAR_UNSUP.curthread.d: [D_VAR_UNSUP] line 2: curthread is not supported for this kind of guest */
BEGIN { trace(curthread); }
