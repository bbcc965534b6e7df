#!/usr/bin/env -S probec -s
/*
 * Pipes: who makes them, and which descriptors they get.
 *
 *   probec -s examples/pipes.d -c 'sh -c "ls | wc"'
 */
#pragma D option quiet

syscall::pipe:entry, syscall::pipe2:entry
{
	self->fds = arg0;
}

syscall::pipe:return, syscall::pipe2:return
/self->fds && errno == 0/
{
	this->pair = (int *)copyin(self->fds, 2 * sizeof (int));
	printf("%s reads %d writes %d\n", execname, this->pair[0], this->pair[1]);
}

syscall::pipe:return, syscall::pipe2:return
{
	self->fds = 0;
}
