/* expect: probec: failed to compile script D_PRAGMA_SCOPE.library.d: [D_PRAGMA_SCOPE] line 2: #pragma D binding cannot modify entity defined outside program scope */
#pragma D binding "1.5" EPERM
BEGIN { exit(0); }
