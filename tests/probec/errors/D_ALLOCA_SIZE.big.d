/* expect: probec: failed to compile script D_ALLOCA_SIZE.big.d: [D_ALLOCA_SIZE] line 3: alloca( ) size is larger than the scratch memory (-xscratchsize) */
#pragma D option scratchsize=64
BEGIN { alloca(65); }
