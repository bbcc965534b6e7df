/* expect: probec: failed to compile script D_PRAGMA_SCOPE.function.d: [D_PRAGMA_SCOPE] line 2: #pragma D binding cannot modify entity defined outside program scope */
#pragma D binding "1.0" strlen
BEGIN { }
