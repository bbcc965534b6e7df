/* expect: probec: failed to compile script D_PRAGMA_MALFORM.attributes.d: [D_PRAGMA_MALFORM] line 2: malformed #pragma D attributes <attributes> <ident> */
#pragma D attributes Stable/Stable/Common
BEGIN { }
