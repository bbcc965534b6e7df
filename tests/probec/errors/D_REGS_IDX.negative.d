/* expect: probec: failed to compile script D_REGS_IDX.negative.d: [D_REGS_IDX] line 2: index -1 is out of range for array uregs */
BEGIN { trace(uregs[-1]); }
