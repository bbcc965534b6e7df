/*
 * Which program on which VM makes how many system calls.
 *
 *   probec -s examples/syscalls-by-vm.d -c 'find /usr/share -name "*.txt"'
 *   probec -E -s examples/syscalls-by-vm.d          until Ctrl-C, every guest
 */
syscall:::entry
{
	@[vmname, execname] = count();
}
