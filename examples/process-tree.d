#!/usr/bin/env -S probec -s
/*
 * Processes as they start and end, indented by generation.
 *
 *   probec -s examples/process-tree.d -c 'sh -c "sh -c true"'
 */
#pragma D option quiet

int depth[pid_t];

BEGIN
{
	depth[$target] = 1;
}

syscall::fork:return, syscall::vfork:return, syscall::clone:return, syscall::clone3:return
/arg0 == 0 && errno == 0 && pid == tid/
{
	depth[pid] = depth[ppid] + 1;
}

syscall::execve:return
/errno == 0/
{
	printf("%*s%s\n", 2 * depth[pid], "", execargs);
}

syscall::exit_group:entry
/depth[pid] > 0/
{
	printf("%*s%s ends: %d\n", 2 * depth[pid], "", execname, arg0);
	depth[pid] = 0;
}
