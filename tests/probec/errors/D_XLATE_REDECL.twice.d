/* expect: probec: failed to compile script D_XLATE_REDECL.twice.d: [D_XLATE_REDECL] line 4: translator from int to struct o has already been declared */
struct o { int a; };
translator struct o < int i > { a = i; };
translator struct o < int j > { a = j; };
BEGIN { }
