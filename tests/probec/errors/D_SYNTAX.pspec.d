/* expect: probec: failed to compile script D_SYNTAX.pspec.d: [D_SYNTAX] line 3: expected predicate and/or actions following probe description */
#pragma D option pspec
int*x
