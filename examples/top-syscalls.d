/*
 * The ten most frequent system calls.
 *
 *   probec -s examples/top-syscalls.d -c 'ls -lR /etc'
 */
#pragma D option quiet

syscall:::entry
{
	@calls[probefunc] = count();
}

END
{
	trunc(@calls, 10);
	printa("%-24s %@10d\n", @calls);
}
