/* expect: probec: failed to compile script D_LLQUANT_STEPVAL.divide.d: [D_LLQUANT_STEPVAL] line 2: llquantize( ) argument #5 (linear steps) must evenly divide one order of magnitude */
BEGIN { @ = llquantize(1, 10, 0, 6, 30); }
