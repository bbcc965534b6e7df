/* expect: probec: failed to compile script D_PROV_INCOMPAT.again.d: [D_PROV_INCOMPAT] line 3: provider interface mismatch: mine: probe mine:p has other arguments than in previous declaration */
provider mine { probe p(int a); };
provider mine { probe p(string a); };
BEGIN { exit(0); }
