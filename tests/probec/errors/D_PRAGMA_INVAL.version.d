/* expect: probec: failed to compile script D_PRAGMA_INVAL.version.d: [D_PRAGMA_INVAL] line 2: invalid version string specified by #pragma D binding */
#pragma D binding "1.x" foo
int foo;
BEGIN { }
