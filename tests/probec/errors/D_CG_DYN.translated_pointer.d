/* expect: probec: failed to compile script D_CG_DYN.translated_pointer.d: [D_CG_DYN] line 4: expression cannot evaluate to result of dynamic type */
struct o { int x; };
translator struct o < int p > { x = p; };
BEGIN { this->o = xlate <struct o *> (4); }
