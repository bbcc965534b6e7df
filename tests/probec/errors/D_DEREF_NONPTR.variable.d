/* expect: probec: failed to compile script D_DEREF_NONPTR.variable.d: [D_DEREF_NONPTR] line 2: cannot dereference non-pointer type */
BEGIN { x = 1; trace(*x); }
