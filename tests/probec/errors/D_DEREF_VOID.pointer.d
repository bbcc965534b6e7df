/* expect: probec: failed to compile script D_DEREF_VOID.pointer.d: [D_DEREF_VOID] line 2: cannot dereference pointer to void */
BEGIN { trace(*(void *)arg0); }
