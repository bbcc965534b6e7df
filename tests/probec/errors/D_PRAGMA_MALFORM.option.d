/* expect: probec: failed to compile script D_PRAGMA_MALFORM.option.d: [D_PRAGMA_MALFORM] line 2: malformed #pragma D option <option>=<val> */
#pragma D option
BEGIN { }
