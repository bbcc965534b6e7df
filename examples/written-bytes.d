#!/usr/bin/env -S probec -s
/*
 * The first bytes of what is written, as a dump.
 *
 *   probec -s examples/written-bytes.d -c 'printf "\\001\\002abc"'
 */
syscall::write:entry
/arg0 == 1 && arg2 >= 16/
{
	tracemem(copyin(arg1, 16), 16);
}
