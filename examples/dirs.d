#!/usr/bin/env -S probec -s
/*
 * In which directories files are opened.
 *
 *   probec -s examples/dirs.d -c 'python3 -c "import json"'
 */
#pragma D option quiet

syscall::open:entry
{
	@[dirname(copyinstr(arg0))] = count();
}

syscall::openat:entry
{
	@[dirname(copyinstr(arg1))] = count();
}

END
{
	trunc(@, 20);
	printa("%@8d %s\n", @);
}
