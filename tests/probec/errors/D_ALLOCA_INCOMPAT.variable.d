/* expect: probec: failed to compile script D_ALLOCA_INCOMPAT.variable.d: [D_ALLOCA_INCOMPAT] line 3: a points into alloca( ) or copyin( ) memory elsewhere: a variable may not hold both kinds of pointers */
BEGIN { a = (char *)alloca(1); }
END { a = (char *)arg0; }
