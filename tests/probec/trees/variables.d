/* Scopes, associative arrays, first assignment, use before the clause's own assignment. */
int declared;
int table[string, int];
self int depth;
this uint64_t now;
string names[int];

BEGIN
{
	first = timestamp;
	declared = first;
	table["a", 1] = declared++;
	names[declared] = "x";
	counts[pid, execname, 5]++;
	total += 3;
	x[1] = 2;
	x[timestamp] = x[1];
}

syscall:::entry
/!self->depth++/
{
	self->start[probefunc] = timestamp;
	this->now = timestamp;
}

syscall:::return
/self->start[probefunc]/
{
	seen = 1;
	@[probefunc] = avg(timestamp - self->start[probefunc]);
	self->start[probefunc] = 0;
	self->depth = 0;
}

END
{
	count = 1;
	max = count++;
	@count = count();
	@max = max(max);
}
