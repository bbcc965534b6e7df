/* expect: probec: failed to compile script D_FREOPEN_INVALID.two_calls.d: [D_FREOPEN_INVALID] line 2: freopen( ) argument #1 cannot be "." */
BEGIN { freopen("/dev/null"); freopen("."); }
