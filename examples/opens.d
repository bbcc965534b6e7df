/*
 * Which files are opened, by whom, with what result (a descriptor, or -errno).
 *
 *   probec -s examples/opens.d -c 'cat /etc/hostname /nonexistent'
 */
#pragma D option quiet

syscall::open:entry, syscall::creat:entry
{
	self->path = copyinstr(arg0);
}

syscall::openat:entry, syscall::openat2:entry
{
	self->path = copyinstr(arg1);
}

syscall::open:return, syscall::creat:return, syscall::openat:return, syscall::openat2:return
/self->path != NULL/
{
	printf("%-16s %6d %4d %s\n", execname, pid, errno ? -errno : (int)arg0, self->path);
	self->path = 0;
}
