/* expect: probec: failed to compile script D_OP_VFPTR.subtract.d: [D_OP_VFPTR] line 3: operator -= requires left-hand scalar operand of known size */
int p;
BEGIN { p -= alloca(10); }
