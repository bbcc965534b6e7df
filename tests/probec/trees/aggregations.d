/* Aggregating functions and the actions on aggregations. */
syscall:::entry
{
	@ = count();
	@c[probefunc, execname, pid] = count();
	@s[arg0 > 0] = sum(arg2);
	@m[(char)arg0] = max((int)arg0);
	@n = min(-1);
	@a = avg(arg0);
	@d = stddev(arg0);
	@q[vmname] = quantize(arg2);
	@qw = quantize(arg2, 3);
	@l = lquantize(arg0, 0, 100);
	@l2 = lquantize(arg0, -10, 100, 5, 2);
	@ll = llquantize(arg2, 10, 0, 6, 20);
	@u = max((uint64_t)arg0);
	@k[ustack(5)] = count();
}

END
{
	printa(@c);
	printa("%s %s %d %@d\n", @c);
	printa("%@d %@d\n", @n, @a);
	trunc(@c, 10);
	trunc(@c);
	clear(@c);
	normalize(@c, 1000);
	denormalize(@c);
	setopt("aggsortkey", "1");
}
