/* expect: probec: failed to compile script D_XLATE_NONE.none.d: [D_XLATE_NONE] line 2: cannot translate from "int" to "int" */
BEGIN { trace(xlate <int> (1)); }
