#!/usr/bin/env -S probec -s
/*
 * Only failing opens are shown, with everything about them: each open is traced into a
 * speculation, which its return keeps or throws away.
 *
 *   probec -s examples/failed-opens.d -c 'cat /etc/hostname /nonexistent'
 */
#pragma D option quiet
#pragma D option nspec=8

self int spec;

syscall::openat:entry
{
	self->spec = speculation();
	speculate(self->spec);
	printf("%s opens %s", execname, copyinstr(arg1));
}

syscall::openat:return
/self->spec && errno != 0/
{
	speculate(self->spec);
	printf(": errno %d\n", errno);
}

syscall::openat:return
/self->spec && errno != 0/
{
	commit(self->spec);
	self->spec = 0;
}

syscall::openat:return
/self->spec/
{
	discard(self->spec);
	self->spec = 0;
}
