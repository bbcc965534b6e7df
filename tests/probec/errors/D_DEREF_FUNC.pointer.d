/* expect: probec: failed to compile script D_DEREF_FUNC.pointer.d: [D_DEREF_FUNC] line 3: cannot dereference pointer to function */
int (*f)(int);
BEGIN { trace(*f); }
