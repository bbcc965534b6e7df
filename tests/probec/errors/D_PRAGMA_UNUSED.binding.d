/* expect: probec: failed to compile script D_PRAGMA_UNUSED.binding.d: [D_PRAGMA_UNUSED] line 3: unused #pragma D binding */

#pragma D binding "1.0" nothing
BEGIN { trace(1); }
