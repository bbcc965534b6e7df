/* Probe descriptions, predicates, comments, control lines, conditional statements. */
#pragma D option quiet
#pragma D option strsize=64
# 20 "other.d"
# 8 "descriptions.d"
inline int LIMIT = 3;
inline int twice[int n] = n * 2;

syscall::read*:entry, syscall::[pw]write*:entry,
web*:syscall:vmlinux:openat:return,
dtrace:::BEGIN,
tick-1s, profile-997hz, 17
/pid == 1 / 1 && LIMIT < twice[2]/   // the slash before 1 divides
{
	if (arg0 > 3) {
		trace(1);
	} else if (arg0)
		trace(2);
	else {
		;
	}
}

BEGIN /1/
{ }

END { printf("%-10s|%*d|%05x|%?p|%%\n", "x", 3, 4, 5, 6); system("echo %d", pid); }
ERROR { exit(arg4 == DTRACEFLT_BADADDR ? ENOENT : SIGKILL) }
sdt:sched:sched_switch, rawtp::sched_waking, web*:sdt:sched:sched_switch:sched_switch { }
uprobe:/usr/lib/a+b.so:f*:entry, web*:usdt:/bin/x:prov:name /arg0/ { }
