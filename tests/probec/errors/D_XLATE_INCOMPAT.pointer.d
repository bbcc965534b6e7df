/* expect: probec: failed to compile script D_XLATE_INCOMPAT.pointer.d: [D_XLATE_INCOMPAT] line 3: translator member a definition uses incompatible types: "char *" = "int" */
struct o { char *a; };
translator struct o < int i > { a = i + 1; };
BEGIN { }
