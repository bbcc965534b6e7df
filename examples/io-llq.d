#!/usr/bin/env -S probec -s
/*
 * Read sizes on a logarithmic scale with ten linear steps to each power of ten.
 *
 *   probec -s examples/io-llq.d -c 'tar cf /dev/null /etc'
 */
syscall::read:return
/errno == 0/
{
	@["bytes per read"] = llquantize(arg0, 10, 0, 6, 10);
}
