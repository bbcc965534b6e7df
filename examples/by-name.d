#!/usr/bin/env -S probec -s
/*
 * Sorted by key, not by value: calls in alphabetical order.
 *
 *   probec -s examples/by-name.d -c 'ls'
 */
#pragma D option aggsortkey

syscall:::entry
{
	@[probefunc] = count();
}
