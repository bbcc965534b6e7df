/* expect: probec: failed to compile script D_REGS_IDX.large.d: [D_REGS_IDX] line 2: index 27 is out of range for array uregs */
BEGIN { trace(uregs[R_ERR + 1]); }
