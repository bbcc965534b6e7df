#!/usr/bin/env -S probec -s
/*
 * The sizes of reads and writes that succeeded, by program, as distributions.
 *
 *   probec -s examples/io-sizes.d -c 'tar cf /dev/null /etc'
 */
syscall::read:return, syscall::write:return
/errno == 0/
{
	@[execname, probefunc] = quantize(arg0);
}
