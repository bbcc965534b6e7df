/* expect: probec: failed to compile script D_CG_DYN.whole.d: [D_CG_DYN] line 4: expression cannot evaluate to result of dynamic type */
struct o { int a; };
translator struct o < int i > { a = i; };
BEGIN { xlate <struct o *> (0); }
