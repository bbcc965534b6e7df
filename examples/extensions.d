#!/usr/bin/env -S probec -s
/*
 * Kinds of files that are opened, by what follows the last dot of their names.
 *
 *   probec -s examples/extensions.d -c 'make'
 */
#pragma D option quiet

this string name;
this string kind;

syscall::openat:entry
{
	this->name = basename(copyinstr(arg1));
	this->kind = strrchr(this->name, '.');
	@[this->kind == NULL ? "(none)" : tolower(this->kind)] = count();
}

END
{
	printa("%-20s %@8d\n", @);
}
