/* expect: probec: failed to compile script D_CG_DYN.translated_argument.d: [D_CG_DYN] line 5: expression cannot evaluate to result of dynamic type */
struct o { int x; };
translator struct o < int p > { x = p; };
provider mine { probe p(int a) : (struct o a); };
mine*:::p { printf("%d", args[0] == 1); }
