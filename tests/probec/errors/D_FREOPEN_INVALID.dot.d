/* expect: probec: failed to compile script D_FREOPEN_INVALID.dot.d: [D_FREOPEN_INVALID] line 2: freopen( ) argument #1 cannot be "." */
BEGIN { freopen("."); }
