/* expect: probec: failed to compile script D_ALLOCA_SIZE.copyin.d: [D_ALLOCA_SIZE] line 3: copyin( ) size is larger than the scratch memory (-xscratchsize) */
#pragma D option scratchsize=64
BEGIN { copyin(0, 65); }
