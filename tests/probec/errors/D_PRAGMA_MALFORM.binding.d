/* expect: probec: failed to compile script D_PRAGMA_MALFORM.binding.d: [D_PRAGMA_MALFORM] line 2: malformed #pragma D binding <version> <ident> */
#pragma D binding "1.0"
BEGIN { }
