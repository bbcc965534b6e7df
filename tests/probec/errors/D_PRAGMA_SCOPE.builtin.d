/* expect: probec: failed to compile script D_PRAGMA_SCOPE.builtin.d: [D_PRAGMA_SCOPE] line 2: #pragma D attributes cannot modify entity defined outside program scope */
#pragma D attributes Stable/Stable/Common execname
BEGIN { exit(0); }
