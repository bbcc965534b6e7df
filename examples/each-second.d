#!/usr/bin/env -S probec -s
/*
 * What happens every second: calls and failures, as columns. Ends with the command, or after $1
 * seconds.
 *
 *   probec -s examples/each-second.d -c 'make' 60
 */
#pragma D option quiet
#pragma D option defaultargs

int calls, failures, seconds;

syscall:::entry
{
	calls++;
}

syscall:::return
/errno != 0/
{
	failures++;
}

tick-1s
{
	printf("%4d s %10d calls %8d failures\n", ++seconds, calls, failures);
	calls = failures = 0;
}

tick-1s
/$1 && seconds >= $1/
{
	exit(0);
}
