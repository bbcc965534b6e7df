#!/usr/bin/env -S probec -s
/*
 * Each program that is started, with its arguments, and by whom.
 *
 *   probec -s examples/execs.d -c 'sh -c "ls | wc -l"'
 */
#pragma D option quiet

BEGIN
{
	printf("%-16s %s\n", "BY", "ARGUMENTS");
}

syscall::execve:entry, syscall::execveat:entry
{
	self->by = execname;
}

syscall::execve:return, syscall::execveat:return
/self->by != NULL && errno == 0/
{
	printf("%-16s %s\n", self->by, execargs);
	self->by = 0;
}

syscall::execve:return, syscall::execveat:return
/self->by != NULL/
{
	self->by = 0;
}
