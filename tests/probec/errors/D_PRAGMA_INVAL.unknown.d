/* expect: probec: failed to compile script D_PRAGMA_INVAL.unknown.d: [D_PRAGMA_INVAL] line 2: invalid control directive: #pragma D nonsense */
#pragma D nonsense
BEGIN { }
