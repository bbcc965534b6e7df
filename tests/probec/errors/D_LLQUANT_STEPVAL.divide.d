/* expect: probec: failed to compile script D_LLQUANT_STEPVAL.divide.d: [D_LLQUANT_STEPVAL] line 2: llquantize( ) factor (argument #1) must evenly divide the number of steps per magnitude (argument #4), and the number of steps per magnitude must evenly divide a power of the factor */
BEGIN { @ = llquantize(1, 10, 0, 6, 30); }
