/* expect: probec: failed to compile script D_EMPTY.pragma_only.d: [D_EMPTY] line 3: empty D program translation unit */
#pragma D option quiet
