/* Structures, unions, bit-fields, arrays, pointers, guest types. */
struct inner { short a; char b[6]; };
struct outer {
	char tag;
	struct inner in;
	union { long whole; int half[2]; };
	unsigned bits : 3, more : 30;
	struct outer *next;
	int (*call)(int, char *);
};
typedef struct outer outer_t;
outer_t value;
int grid[2][3];
struct inner by_pid[int];
this outer_t copy;

BEGIN
{
	trace(sizeof (outer_t));
	trace(offsetof(outer_t, half));
	value.in.a = 3;
	value.half[1] = 4;
	value.bits = value.more + 1;
	this->copy = value;
	grid[1][2] = value.in.a;
	by_pid[pid].a = 5;
	p = &grid[1][0];
	trace(p[1] + *p);
	trace(&grid[1][2] - p);
	q = (outer_t *)arg0;
	trace(q->next->in.b[2]);
	trace(q->tag);
	trace((q + 1)->bits);
	trace(value.in.b);
	s = (struct D`inner *)alloca(sizeof (struct inner));
	s->a = 1;
	trace(((struct timespec *)arg1)->tv_sec);
}

syscall::nanosleep:entry
{
	trace(args[0]->tv_sec);
	this->ts = (struct timespec *)copyin(arg0, sizeof (struct timespec));
	trace(this->ts->tv_nsec);
}
