/* expect: probec: failed to compile script D_EMPTY.comment.d: [D_EMPTY] line 4: empty D program translation unit */
/* nothing */
#pragma D option quiet
