#!/usr/bin/env -S probec -s
/*
 * Time between successive writes of a thread, in milliseconds.
 *
 *   probec -s examples/between.d -c 'sh -c "echo a; sleep 0.1; echo b"'
 */
self uint64_t last;

syscall::write:entry
/self->last/
{
	@[execname] = lquantize((timestamp - self->last) / 1000000, 0, 1000, 50);
}

syscall::write:entry
{
	self->last = timestamp;
}
