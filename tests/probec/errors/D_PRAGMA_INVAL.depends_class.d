/* expect: probec: failed to compile script D_PRAGMA_INVAL.depends_class.d: [D_PRAGMA_INVAL] line 2: invalid class planet specified by #pragma D depends_on */
#pragma D depends_on planet mars
BEGIN { }
