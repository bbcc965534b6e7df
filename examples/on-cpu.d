#!/usr/bin/env -S probec -s
/*
 * Time in system calls, by call: how much passed, and on the CPU.
 *
 *   probec -s examples/on-cpu.d -c 'sleep 0.1'
 */
#pragma D option quiet

syscall:::entry
{
	self->start = timestamp;
	self->cpu = vtimestamp;
}

syscall:::return
/self->start/
{
	@elapsed[probefunc] = sum(timestamp - self->start);
	@cpu[probefunc] = sum(vtimestamp - self->cpu);
	self->start = 0;
	self->cpu = 0;
}

END
{
	normalize(@elapsed, 1000);
	normalize(@cpu, 1000);
	printf("%-20s %12s %12s\n", "CALL", "ELAPSED us", "ON CPU us");
	printa("%-20s %@12d %@12d\n", @elapsed, @cpu);
}
