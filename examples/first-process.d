#!/usr/bin/env -S probec -s
/*
 * Calls of the command's first process against those of its descendants.
 *
 *   probec -s examples/first-process.d -c 'sh -c "true; ls"'
 */
syscall:::entry
/pid == $target/
{
	@["first process"] = count();
}

syscall:::entry
/pid != $target && progenyof($target)/
{
	@["descendants"] = count();
}

syscall:::entry
/!progenyof($target)/
{
	@["left behind by their parents"] = count();
}
