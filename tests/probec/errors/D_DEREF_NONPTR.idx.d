/* expect: probec: failed to compile script D_DEREF_NONPTR.idx.d: [D_DEREF_NONPTR] line 2: cannot dereference non-pointer type */
int x; BEGIN { trace(x[1]); }
