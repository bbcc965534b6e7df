#!/usr/bin/env -S probec -s
/*
 * System calls by process: program, process ID, call, how often.
 *
 *   probec -s examples/syscount.d -c 'make -s'
 */
#pragma D option quiet

syscall:::entry
{
	@calls[execname, pid, probefunc] = count();
}

END
{
	printf("%-16s %7s %-20s %8s\n", "PROGRAM", "PID", "CALL", "COUNT");
	printa("%-16s %7d %-20s %@8d\n", @calls);
}
