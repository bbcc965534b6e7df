#!/usr/bin/env -S probec -s
/*
 * Who sends which signal to whom.
 *
 *   probec -s examples/kills.d -c 'sh -c "sleep 9 & kill -TERM $!"'
 */
#pragma D option quiet

string name[int];

BEGIN
{
	name[SIGHUP] = "HUP";
	name[SIGINT] = "INT";
	name[SIGQUIT] = "QUIT";
	name[SIGABRT] = "ABRT";
	name[SIGKILL] = "KILL";
	name[SIGUSR1] = "USR1";
	name[SIGUSR2] = "USR2";
	name[SIGALRM] = "ALRM";
	name[SIGTERM] = "TERM";
	name[SIGCHLD] = "CHLD";
	name[SIGCONT] = "CONT";
	name[SIGSTOP] = "STOP";
}

syscall::kill:entry
{
	self->signal = (int)arg1;
	self->to = (int)arg0;
}

syscall::tgkill:entry
{
	self->signal = (int)arg2;
	self->to = (int)arg0;
}

syscall::kill:return, syscall::tgkill:return
/self->to/
{
	printf("%s to %s: %s (%s)\n", execname, self->to == pid ? "itself" : "another",
	    name[self->signal] != NULL ? name[self->signal] : lltostr(self->signal),
	    errno == 0 ? "sent" : errno == ESRCH ? "no such process" : "failed");
	self->to = 0;
}
