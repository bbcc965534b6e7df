#!/usr/bin/env -S probec -s
/*
 * What is renamed, linked, removed or created in directories.
 *
 *   probec -s examples/changes.d -c 'git init /tmp/new'
 */
#pragma D option quiet

syscall::rename:entry, syscall::link:entry, syscall::symlink:entry
{
	printf("%s %s %s -> %s\n", execname, probefunc, copyinstr(arg0), copyinstr(arg1));
}

syscall::renameat:entry, syscall::renameat2:entry, syscall::linkat:entry
{
	printf("%s %s %s -> %s\n", execname, probefunc, copyinstr(arg1), copyinstr(arg3));
}

syscall::symlinkat:entry
{
	printf("%s %s %s -> %s\n", execname, probefunc, copyinstr(arg0), copyinstr(arg2));
}

syscall::unlink:entry, syscall::rmdir:entry, syscall::mkdir:entry
{
	printf("%s %s %s\n", execname, probefunc, copyinstr(arg0));
}

syscall::unlinkat:entry, syscall::mkdirat:entry
{
	printf("%s %s %s\n", execname, probefunc, copyinstr(arg1));
}
