/* expect: probec: failed to compile script D_XLATE_NONE.pointer.d: [D_XLATE_NONE] line 4: cannot translate from "int" to "struct o *" */
struct o { int x; };
translator struct o < char *p > { x = *p; };
BEGIN { trace(xlate <struct o *> (4)->x); }
