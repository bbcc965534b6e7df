/*
 * On whose behalf system calls are made: user and group ids, by VM.
 *
 *   probec -E -s examples/ids.d
 */
#pragma D option quiet

syscall:::entry
{
	@[vmname, uid, gid] = count();
}

END
{
	printf("%-16s %8s %8s %12s\n", "VM", "UID", "GID", "CALLS");
	printa("%-16s %8d %8d %@12d\n", @);
}
