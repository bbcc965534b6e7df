/* expect: probec: failed to compile script D_ALLOCA_INCOMPAT.conditional.d: [D_ALLOCA_INCOMPAT] line 2: operator ?: operands are pointers into different memory: alloca( ) or copyin( ) and the guest's */
BEGIN { a = (char *)alloca(1); a = (a == NULL) ? (char *)50 : a; }
