/* expect: probec: failed to compile script D_PROV_PRDUP.twice.d: [D_PROV_PRDUP] line 2: probe multiply defined: mine:p */
provider mine { probe p(int a); probe p(); };
BEGIN { exit(0); }
