/* expect: probec: failed to compile script D_OP_VFPTR.subtract.d: [D_OP_VFPTR] line 3: operator -= may not be applied to a pointer to void or to a function */
int p;
BEGIN { p -= alloca(10); }
