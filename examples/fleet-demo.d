/*
 * What tools/quickstart shows: the system calls of every guest for a few seconds, by VM name and
 * program, and how long they took.
 *
 *   probec -E -s examples/fleet-demo.d
 */
#pragma D option quiet

syscall:::entry
{
	@calls[vmname, execname, probefunc] = count();
	self->start = timestamp;
}

syscall:::return
/self->start/
{
	@latency[vmname] = quantize(timestamp - self->start);
	self->start = 0;
}

tick-3s
{
	exit(0);
}

END
{
	trunc(@calls, 15);
	printf("%-10s %-16s %-20s %10s\n", "VM", "PROGRAM", "CALL", "COUNT");
	printa("%-10s %-16s %-20s %@10d\n", @calls);
	printf("\nlatency of system calls in ns, by VM\n");
	printa(@latency);
}
