/* expect: probec: failed to compile script D_PRAGMA_UNUSED.attributes.d: [D_PRAGMA_UNUSED] line 2: unused #pragma D attributes */
#pragma D attributes Stable/Stable/Common nothing
BEGIN { trace(1); }
