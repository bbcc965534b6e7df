#!/usr/bin/env -S probec -s
/*
 * The five kinds of calls in which most time passes, and the longest of each.
 *
 *   probec -s examples/slowest.d -c 'sleep 0.2'
 */
#pragma D option quiet

syscall:::entry
{
	self->start = timestamp;
}

syscall:::return
/self->start/
{
	@total[probefunc] = sum(timestamp - self->start);
	@longest[probefunc] = max(timestamp - self->start);
	self->start = 0;
}

END
{
	trunc(@total, 5);
	trunc(@longest, 5);
	normalize(@total, 1000000);
	normalize(@longest, 1000000);
	printf("%-20s %12s\n", "CALL", "TOTAL ms");
	printa("%-20s %@12d\n", @total);
	printf("%-20s %12s\n", "CALL", "LONGEST ms");
	printa("%-20s %@12d\n", @longest);
}
