#!/usr/bin/env -S probec -s
/*
 * How many processes and threads each program creates; a flag of clone(2) tells them apart.
 *
 *   probec -s examples/forks.d -c 'make -j2'
 */
#pragma D option quiet

inline int CLONE_THREAD = 0x10000;

syscall::clone:entry
{
	self->thread = arg0 & CLONE_THREAD;
	self->in = 1;
}

syscall::clone3:entry
{
	self->thread = ((struct clone_args *)copyin(arg0, sizeof (struct clone_args)))->flags & CLONE_THREAD;
	self->in = 1;
}

syscall::fork:entry, syscall::vfork:entry
{
	self->thread = 0;
	self->in = 1;
}

syscall::clone:return, syscall::clone3:return, syscall::fork:return, syscall::vfork:return
/self->in && (int)arg0 > 0/
{
	@[execname, self->thread ? "thread" : "process"] = count();
}

syscall::clone:return, syscall::clone3:return, syscall::fork:return, syscall::vfork:return
{
	self->in = 0;
}

END
{
	printa("%-16s %-8s %@6d\n", @);
}
