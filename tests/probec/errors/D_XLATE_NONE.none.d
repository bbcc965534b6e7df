/* expect: probec: failed to compile script D_XLATE_NONE.none.d: [D_XLATE_NONE] line 2: cannot translate to "int": no translator is defined */
BEGIN { trace(xlate <int> (1)); }
