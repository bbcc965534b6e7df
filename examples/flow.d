#!/usr/bin/env -S probec -s
/*
 * The system calls of a program as a picture: entered, left, and what fires between appears within.
 * Give the program's name as argument.
 *
 *   probec -s examples/flow.d -c 'sh -c "echo hello"' sh
 */
#pragma D option flowindent

syscall:::entry
/execname == $$1/
{
}

syscall:::return
/execname == $$1/
{
}
