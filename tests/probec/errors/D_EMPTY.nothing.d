/* expect: probec: failed to compile script D_EMPTY.nothing.d: [D_EMPTY] line 3: empty D program translation unit */
int x;
