#!/usr/bin/env -S probec -s
/*
 * Files opened for reading, writing or both, and how often they are created or truncated.
 *
 *   probec -s examples/open-modes.d -c 'git status'
 */
#pragma D option quiet

inline int ACCMODE = 3;

this int flags;
this string mode;

syscall::open:entry
{
	this->flags = (int)arg1;
}

syscall::openat:entry
{
	this->flags = (int)arg2;
}

syscall::open:entry, syscall::openat:entry
{
	this->mode = (this->flags & ACCMODE) == O_RDONLY ? "read" :
	    (this->flags & ACCMODE) == O_WRONLY ? "write" : "both";
	if (this->flags & O_CREAT)
		this->mode = strjoin(this->mode, this->flags & O_EXCL ? ",create new" : ",create");
	if (this->flags & O_TRUNC)
		this->mode = strjoin(this->mode, ",truncate");
	@[this->mode] = count();
}

END
{
	printa("%-30s %@8d\n", @);
}
