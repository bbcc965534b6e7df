/* expect: probec: failed to compile script D_EMPTY.comment_only.d: [D_EMPTY] line 3: empty D program translation unit */
// nothing at all
