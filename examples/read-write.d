#!/usr/bin/env -S probec -s
/*
 * Reads and writes through one translator: what the two calls have in common.
 *
 *   probec -s examples/read-write.d -c 'head -c 100000 /dev/zero'
 */
#pragma D option quiet

struct transfer {
	int out;
	int fd;
	size_t wanted;
};

translator struct transfer < int T > {
	out = probefunc == "write";
	fd = (int)arg0;
	wanted = arg2;
};

inline struct transfer *transfer = xlate < struct transfer * > (0);

syscall::read:entry, syscall::write:entry
{
	@[execname, transfer->out ? "to" : "from", transfer->fd] = sum(transfer->wanted);
}

END
{
	printa("%-16s %-5s %3d %@10d\n", @);
}
