#!/usr/bin/env -S probec -s
/*
 * The names that are looked for most often and are not there.
 *
 *   probec -s examples/stat-misses.d -c 'python3 -c "import xml"' 10
 */
#pragma D option quiet
#pragma D option defaultargs

syscall::stat:entry, syscall::lstat:entry, syscall::access:entry
{
	self->name = copyinstr(arg0);
}

syscall::newfstatat:entry, syscall::statx:entry, syscall::faccessat:entry, syscall::faccessat2:entry
{
	self->name = copyinstr(arg1);
}

syscall::stat:return, syscall::lstat:return, syscall::access:return, syscall::newfstatat:return,
syscall::statx:return, syscall::faccessat:return, syscall::faccessat2:return
/self->name != NULL && errno == ENOENT/
{
	@[self->name] = count();
}

syscall::stat:return, syscall::lstat:return, syscall::access:return, syscall::newfstatat:return,
syscall::statx:return, syscall::faccessat:return, syscall::faccessat2:return
{
	self->name = 0;
}

END
{
	trunc(@, $1 ? $1 : 10);
	printa("%@6d %s\n", @);
}
