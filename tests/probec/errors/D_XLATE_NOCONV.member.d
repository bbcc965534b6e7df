/* expect: probec: failed to compile script D_XLATE_NOCONV.member.d: [D_XLATE_NOCONV] line 4: translator does not define conversion for member: b */
struct o { int a; int b; };
translator struct o < int i > { a = i; };
BEGIN { trace((xlate <struct o> (1)).b); }
