/* Promotions and conversions of C on LP64. */
char c;
unsigned char uc;
short s;
unsigned int u;
unsigned long ul;
long long ll;
enum color { RED, GREEN = 5, BLUE } e;

BEGIN
{
	trace(c + uc);
	trace(s << 1L);
	trace(u + -1);
	trace(u + 1L);
	trace(ul + -1);
	trace(ll * u);
	trace(~c);
	trace(e == GREEN);
	trace(-5 / 2);
	trace(-5 % 3);
	trace(7u / 2);
	trace(0x80000000);
	trace(2147483648);
	trace(0xffffffffffffffff);
	trace(1 << 31);
	trace('a');
	trace('ab');
	trace(-1 > 0u);
	trace(-1L > 0u);
	trace(c ? u : s);
	trace(!u);
	trace(c && 1 || u ^^ s);
	trace((char)300);
	trace((_Bool)u);
	c = 1000;
	c += u;
	s <<= 3;
	ul |= c;
	c++;
	--ul;
	trace(sizeof (long long) + sizeof c);
}
