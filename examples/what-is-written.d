#!/usr/bin/env -S probec -s
/*
 * The beginning of what programs write to their standard output.
 *
 *   probec -s examples/what-is-written.d -c 'date'
 */
#pragma D option quiet

syscall::write:entry
/arg0 == 1/
{
	printf("%s %d bytes: %S\n", execname, arg2, stringof(copyinstr(arg1, arg2 < 24 ? arg2 + 1 : 24)));
}
