/* expect: probec: failed to compile script D_TRACEMEM_SIZE.negative.d: [D_TRACEMEM_SIZE] line 2: tracemem( ) argument #2 must be a non-zero positive integral constant expression */
BEGIN { tracemem(0, -1); }
