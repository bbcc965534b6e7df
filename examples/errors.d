/*
 * Failed system calls, by program, call and errno.
 *
 *   probec -s examples/errors.d -c 'ls /nonexistent'
 */
#pragma D option quiet

syscall:::return
/errno != 0/
{
	@[execname, probefunc, errno] = count();
}

END
{
	printf("%-16s %-20s %6s %10s\n", "PROGRAM", "CALL", "ERRNO", "COUNT");
	printa("%-16s %-20s %6d %@10d\n", @);
}
