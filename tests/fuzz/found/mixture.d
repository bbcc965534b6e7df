#pragma D option quiet
#pragma D option flowindent

typedef struct inner { short s; char tag[5]; } inner_t;
struct point {
  int x; char name[12]; unsigned b1 : 3; int b2 : 5; long long b3 : 33;
  inner_t in; uint64_t v[3]; char *path; struct inner list[2];
};
union overlay { int i; unsigned char c[8]; uint64_t q; };
enum color { RED, GREEN = 5, BLUE = -1 };
inline int limit = 7 + 3 * GREEN;
inline int twice[int n] = n * 2;
inline string greeting = strjoin("he", "llo");
struct summary { int total; char first; uint64_t q; };
translator struct summary < struct point p > { total = p.x + p.b1; first = p.name[0]; q = p.v[1]; };
translator struct summary < struct inner *p > { total = p->s; first = p->tag[1]; };
int gi; unsigned short gus; char gc; _Bool gb; long long gl; uint64_t gul; string gs;
struct point gp; union overlay gu; int garr[5]; enum color ge;
self int si; self unsigned char suc; self long sl; self string ss; self struct point sp;
this short ti; this uint64_t tul; this string ts; this struct point tp; this union overlay tu;
this char tbuf[16]; this signed char tsc;
int ai[int]; int as[string]; string at[int, string]; long long ak[struct inner];
self uint64_t qi[string, int, long]; self string qs[int]; struct point ap[int];
char *gpath; self int spec; this char *scratch; self struct point *where;
syscall::mkdir:entry {
  @c1[probefunc] = count(); @s1[execname, execname] = sum(1); @m1[1, probefunc, probename] = min(1);
  @x1[vmname, cpu] = max(1); @a1[usym(arg0), (char)1] = avg(1); @d1[ustack()] = stddev(1);
  @q1[execname, 1] = quantize(1); @l1[(short)1] = lquantize(1, -10, 100, 7);
  @ll1[(short)1] = llquantize(1, 10, 0, 17, 20);
}
syscall::open:return {
  self->spec = 2;
  func((strlen(greeting), (offsetof(struct point, v) ? GREEN : sizeof (struct point))));
}
