/* expect: probec: failed to compile script D_DEREF_NONPTR.integer.d: [D_DEREF_NONPTR] line 2: cannot dereference non-pointer type */
BEGIN { trace(*1); }
