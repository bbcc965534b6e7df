#!/usr/bin/env -S probec -s
/*
 * How much memory is mapped, and with which rights.
 *
 *   probec -s examples/mmaps.d -c 'python3 -c ""'
 */
#pragma D option quiet

inline int PROT_R = 1;
inline int PROT_W = 2;
inline int PROT_X = 4;
inline int MAP_ANON = 0x20;

syscall::mmap:entry
{
	self->size = arg1;
	self->kind = strjoin(arg2 & PROT_R ? "r" : "-", strjoin(arg2 & PROT_W ? "w" : "-", arg2 & PROT_X ? "x" : "-"));
	self->what = arg3 & MAP_ANON ? "memory" : "file";
}

syscall::mmap:return
/self->size && errno == 0/
{
	@n[self->what, self->kind] = count();
	@bytes[self->what, self->kind] = sum(self->size);
}

syscall::mmap:return
{
	self->size = 0;
	self->kind = 0;
	self->what = 0;
}

END
{
	normalize(@bytes, 1024);
	printf("%-8s %-6s %8s %10s\n", "WHAT", "RIGHTS", "TIMES", "KiB");
	printa("%-8s %-6s %@8d %@10d\n", @n, @bytes);
}
