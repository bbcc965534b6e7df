#!/usr/bin/env -S probec -s
/*
 * The calls of one program, whose name is given, among all that a command runs.
 *
 *   probec -s examples/one-program.d -c 'sh -c "ls | sort | head -1"' sort
 */
#pragma D option quiet

syscall:::entry
/execname == $$1/
{
	@[probefunc] = count();
}

END
{
	printf("%s\n", $$1);
	printa("  %-20s %@8d\n", @);
}
