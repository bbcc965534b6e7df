/* expect: probec: failed to compile script D_PRAGMA_DEPEND.library.d: [D_PRAGMA_DEPEND] line 2: main program may not explicitly depend on a library */
#pragma D depends_on library net.d
BEGIN { }
