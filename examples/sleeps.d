#!/usr/bin/env -S probec -s
/*
 * How long programs ask to sleep.
 *
 *   probec -s examples/sleeps.d -c 'sleep 0.25'
 */
#pragma D option quiet

this struct timespec *t;

syscall::nanosleep:entry
{
	this->t = (struct timespec *)copyin(arg0, sizeof (struct timespec));
	printf("%s sleeps %d.%09d s\n", execname, this->t->tv_sec, this->t->tv_nsec);
}

syscall::clock_nanosleep:entry
{
	this->t = (struct timespec *)copyin(arg2, sizeof (struct timespec));
	printf("%s sleeps %d.%09d s\n", execname, this->t->tv_sec, this->t->tv_nsec);
}
