/* expect: probec: failed to compile script D_PRAGMA_INVAL.attributes_two.d: [D_PRAGMA_INVAL] line 2: invalid attributes specified by #pragma D attributes */
#pragma D attributes Stable/Stable foo
int foo;
BEGIN { }
