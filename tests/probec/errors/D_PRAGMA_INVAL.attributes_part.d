/* expect: probec: failed to compile script D_PRAGMA_INVAL.attributes_part.d: [D_PRAGMA_INVAL] line 2: invalid component "nothing" in attribute #pragma for provider foo */
#pragma D attributes Stable/Stable/Common provider foo nothing
BEGIN { }
