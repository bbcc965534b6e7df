/* expect: probec: failed to compile script D_PRAGMA_MALFORM.depends_on.d: [D_PRAGMA_MALFORM] line 2: malformed #pragma D depends_on <class> <name> */
#pragma D depends_on provider
BEGIN { }
