#!/usr/bin/env -S probec -s
/*
 * The first components of absolute paths that are opened: /usr, /etc ...
 *
 *   probec -s examples/top-level.d -c 'ls'
 */
#pragma D option quiet

this string path;

syscall::openat:entry
{
	this->path = copyinstr(arg1);
}

syscall::openat:entry
/substr(this->path, 0, 1) == "/"/
{
	@[strjoin("/", strtok(this->path, "/"))] = count();
}

syscall::openat:entry
/index(this->path, "/") != 0/
{
	@["(relative)"] = count();
}

END
{
	printa("%-20s %@8d\n", @);
}
