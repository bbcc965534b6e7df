#!/usr/bin/env -S probec -s
/*
 * A table of failures by name.
 *
 *   probec -s examples/errnos.d -c 'python3 -c "import decimal"'
 */
#pragma D option quiet

string name[int];

BEGIN
{
	name[EPERM] = "EPERM";
	name[ENOENT] = "ENOENT";
	name[EINTR] = "EINTR";
	name[ENXIO] = "ENXIO";
	name[EBADF] = "EBADF";
	name[ECHILD] = "ECHILD";
	name[EAGAIN] = "EAGAIN";
	name[EACCES] = "EACCES";
	name[EEXIST] = "EEXIST";
	name[ENOTDIR] = "ENOTDIR";
	name[EISDIR] = "EISDIR";
	name[EINVAL] = "EINVAL";
	name[ENOTTY] = "ENOTTY";
	name[ESPIPE] = "ESPIPE";
	name[EPIPE] = "EPIPE";
	name[ENOSYS] = "ENOSYS";
}

syscall:::return
/errno != 0 && name[errno] != NULL/
{
	@[probefunc, name[errno]] = count();
}

syscall:::return
/errno != 0 && name[errno] == NULL/
{
	@[probefunc, strjoin("errno ", lltostr(errno))] = count();
}

END
{
	printa("%-20s %-12s %@6d\n", @);
}
