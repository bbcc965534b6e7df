/*
 * How long system calls take, by VM and call, in nanoseconds.
 *
 *   probec -s examples/latency.d -c 'tar cf /dev/null /etc'
 */
syscall:::entry
{
	self->start = timestamp;
}

syscall:::return
/self->start/
{
	@[vmname, probefunc] = quantize(timestamp - self->start);
	self->start = 0;
}
