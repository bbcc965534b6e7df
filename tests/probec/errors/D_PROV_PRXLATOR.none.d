/* expect: probec: failed to compile script D_PROV_PRXLATOR.none.d: [D_PROV_PRXLATOR] line 3: translator for mine:p argument #1 from int to struct out is not defined */
struct out { int x; };
provider mine { probe p(int a) : (struct out a); };
BEGIN { exit(0); }
