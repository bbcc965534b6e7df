/* expect: probec: failed to compile script D_XLATE_MEMB.unknown.d: [D_XLATE_MEMB] line 3: translator member b is not a member of struct o */
struct o { int a; };
translator struct o < int i > { b = i; };
BEGIN { }
