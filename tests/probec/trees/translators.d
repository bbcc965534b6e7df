/* Translators: member by member, whole, through inlines, between translators. */
struct in { int i; char c; };
struct out { int oi; char oc; long extra; };
struct in value;
struct out result;
translator struct out < struct in v > { oi = v.i; oc = v.c; };
translator struct out < struct in *p > { oi = p->i + 1; };
translator struct in < int n > { i = (xlate <struct out> (value)).oi; c = n; };
inline struct in shorthand = xlate <struct in> (42);
inline int first[int n] = (xlate <struct in> (n)).i;

BEGIN
{
	trace((xlate <struct out> (value)).oi);
	trace(xlate <struct out *> (value)->oc);
	trace(xlate <struct out *> ((struct in *)arg0)->oi);
	result = xlate <struct out> (value);
	fresh = xlate <struct out> (value);
	trace(shorthand.c);
	trace(first[7]);
}
