#!/usr/bin/env -S probec -s
/*
 * Files opened by relative names, as absolute paths.
 *
 *   probec -s examples/relative.d -c 'sh -c "cd /usr; cat bin/../lib/os-release"'
 */
#pragma D option quiet

inline int AT_FDCWD = -100;

syscall::open:entry
/substr(copyinstr(arg0), 0, 1) != "/"/
{
	printf("%s %s\n", execname, cleanpath(strjoin(strjoin(cwd, "/"), copyinstr(arg0))));
}

syscall::openat:entry
/(int)arg0 == AT_FDCWD && substr(copyinstr(arg1), 0, 1) != "/"/
{
	printf("%s %s\n", execname, cleanpath(strjoin(strjoin(cwd, "/"), copyinstr(arg1))));
}
