#!/usr/bin/env -S probec -s
/*
 * How processes end: exit status, and how long they ran since their last exec.
 *
 *   probec -s examples/exits.d -c 'sh -c "false; true; exit 3"'
 */
#pragma D option quiet

uint64_t born[pid_t];

syscall::execve:return
/errno == 0/
{
	born[pid] = timestamp;
}

syscall::exit_group:entry
{
	printf("%-16s status %3d", execname, (int)arg0);
}

syscall::exit_group:entry
/born[pid] != 0/
{
	printf(" after %s", timestamp - born[pid] < 1000000000 ? "less than a second" : "a second or more");
	born[pid] = 0;
}

syscall::exit_group:entry
{
	printf("\n");
}
