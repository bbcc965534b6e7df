#!/usr/bin/env -S probec -s
/*
 * Reads, bytes, and bytes per read, of each program.
 *
 *   probec -s examples/rates.d -c 'wc /etc/passwd'
 */
#pragma D option quiet

syscall::read:return
/errno == 0/
{
	@reads[execname] = count();
	@bytes[execname] = sum(arg0);
	@each[execname] = avg(arg0);
}

END
{
	printa("%-16s %@8d reads %@10d bytes %@8d each\n", @reads, @bytes, @each);
	clear(@reads);
	normalize(@bytes, 1024);
	printa("%-16s %@8d reads %@10d KiB\n", @reads, @bytes);
	denormalize(@bytes);
	printa("%-16s %@d bytes\n", @bytes);
}
