/* expect: probec: failed to compile script D_PRAGMA_INVAL.attributes_class.d: [D_PRAGMA_INVAL] line 2: invalid attributes specified by #pragma D attributes */
#pragma D attributes Stable/Stable/Stable foo
int foo;
BEGIN { }
