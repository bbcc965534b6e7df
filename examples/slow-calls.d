/*
 * Each system call slower than a limit in microseconds (default 1000).
 *
 *   probec -s examples/slow-calls.d -c 'python3 -c "import time; time.sleep(0.01)"' 5000
 */
#pragma D option quiet
#pragma D option defaultargs

syscall:::entry
{
	self->start = timestamp;
}

syscall:::return
/self->start && timestamp - self->start > ($1 ? $1 : 1000) * 1000/
{
	printf("%-16s %6d %-20s %10d us\n", execname, pid, probefunc, (timestamp - self->start) / 1000);
}

syscall:::return
{
	self->start = 0;
}
