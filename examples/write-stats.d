#!/usr/bin/env -S probec -s
/*
 * What the writes of each program look like: how many, smallest, mean, largest, spread.
 *
 *   probec -s examples/write-stats.d -c 'gcc --version'
 */
#pragma D option quiet

syscall::write:return
/errno == 0/
{
	@n[execname] = count();
	@low[execname] = min(arg0);
	@mean[execname] = avg(arg0);
	@high[execname] = max(arg0);
	@spread[execname] = stddev(arg0);
}

END
{
	printf("%-16s %8s %8s %8s %8s %8s\n", "PROGRAM", "WRITES", "MIN", "AVG", "MAX", "STDDEV");
	printa("%-16s %@8d %@8d %@8d %@8d %@8d\n", @n, @low, @mean, @high, @spread);
}
