/*
 * Bytes read and written through descriptors, by program and process.
 *
 *   probec -s examples/rw-bytes.d -c 'sh -c "tar cf - /etc | gzip | wc -c"'
 */
#pragma D option quiet

syscall::read:return, syscall::pread64:return, syscall::readv:return, syscall::recvfrom:return
/(int64_t)arg0 > 0/
{
	@read[execname, pid] = sum(arg0);
}

syscall::write:return, syscall::pwrite64:return, syscall::writev:return, syscall::sendto:return
/(int64_t)arg0 > 0/
{
	@written[execname, pid] = sum(arg0);
}

END
{
	printf("%-16s %8s %14s %14s\n", "PROGRAM", "PID", "READ", "WRITTEN");
	printa("%-16s %8d %@14d %@14d\n", @read, @written);
}
