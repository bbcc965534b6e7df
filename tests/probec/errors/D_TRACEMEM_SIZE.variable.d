/* expect: probec: failed to compile script D_TRACEMEM_SIZE.variable.d: [D_TRACEMEM_SIZE] line 3: tracemem( ) argument #2 must be a non-zero positive integral constant expression */
int n;
BEGIN { tracemem(0, n); }
