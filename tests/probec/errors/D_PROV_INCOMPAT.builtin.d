/* expect: probec: failed to compile script D_PROV_INCOMPAT.builtin.d: [D_PROV_INCOMPAT] line 2: provider interface mismatch: syscall: probe syscall:p is defined in redeclaration but not in previous declaration */
provider syscall { probe p(int a); };
BEGIN { exit(0); }
