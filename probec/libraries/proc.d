/* The proc provider of Linux guests: processes and threads, made of tracepoints. */
#pragma D depends_on library procfs.d
#pragma D depends_on library signal.d

/* How a process ended: CLD_*. */
struct proc_exit {
	int value;
};

translator struct proc_exit < struct task_struct *task > {
	value = (task->exit_code & 0x7f) == 0 ? CLD_EXITED :
	    (task->exit_code & 0x80) != 0 ? CLD_DUMPED : CLD_KILLED;
};

provider proc {
	probe create(struct task_struct *task) : (psinfo_t *task);
	probe lwp__create(struct task_struct *task) : (lwpsinfo_t *task, psinfo_t *task);
	probe start();
	probe lwp__start();
	probe exec(userland char *path) : (string path);
	probe exec__success();
	probe exit(struct task_struct *task) : (int task);
	probe lwp__exit();
	probe signal__send(int sig, void *info, struct task_struct *task) :
	    (lwpsinfo_t *task, psinfo_t *task, int sig);
	probe signal__handle(int sig) : (int sig);
};
