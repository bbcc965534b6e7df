#!/usr/bin/env -S probec -s
/*
 * Bytes read from and written to each file: a process's descriptors are followed from open to
 * close. (What it inherits has no name here.)
 *
 *   probec -s examples/files.d -c 'dd if=/etc/passwd of=/tmp/copy bs=100'
 */
#pragma D option quiet

string path[pid_t, int];

syscall::open:entry, syscall::creat:entry
{
	self->path = copyinstr(arg0);
}

syscall::openat:entry
{
	self->path = copyinstr(arg1);
}

syscall::open:return, syscall::creat:return, syscall::openat:return
/self->path != NULL && errno == 0/
{
	path[pid, (int)arg0] = self->path;
}

syscall::open:return, syscall::creat:return, syscall::openat:return
{
	self->path = 0;
}

syscall::dup2:entry, syscall::dup3:entry
{
	self->from = path[pid, (int)arg0];
}

syscall::dup2:return, syscall::dup3:return
/self->from != NULL && errno == 0/
{
	path[pid, (int)arg0] = self->from;
}

syscall::dup2:return, syscall::dup3:return
{
	self->from = 0;
}

syscall::read:entry, syscall::pread64:entry, syscall::write:entry, syscall::pwrite64:entry
/path[pid, (int)arg0] != NULL/
{
	self->file = path[pid, (int)arg0];
}

syscall::read:return, syscall::pread64:return
/self->file != NULL && errno == 0/
{
	@in[self->file] = sum(arg0);
	@out[self->file] = sum(0);
}

syscall::write:return, syscall::pwrite64:return
/self->file != NULL && errno == 0/
{
	@in[self->file] = sum(0);
	@out[self->file] = sum(arg0);
}

syscall::read:return, syscall::pread64:return, syscall::write:return, syscall::pwrite64:return
{
	self->file = 0;
}

syscall::close:entry
{
	path[pid, (int)arg0] = 0;
}

END
{
	printf("%10s %10s %s\n", "READ", "WRITTEN", "FILE");
	printa("%@10d %@10d %s\n", @in, @out);
}
