/* Processes and threads as scripts know them from proc(4): psinfo_t, lwpsinfo_t, and those of the
 * thread that fired. What a firing does not know is zero, as where there is no process. */
typedef struct psinfo {
	int pr_nlwp;		/* threads */
	pid_t pr_pid;
	pid_t pr_ppid;
	pid_t pr_pgid;
	pid_t pr_sid;
	uid_t pr_uid;
	uid_t pr_euid;
	gid_t pr_gid;
	gid_t pr_egid;
	uintptr_t pr_addr;	/* of the kernel's structure */
	string pr_psargs;	/* the command line's beginning */
	uint_t pr_arglen;
	string pr_fname;	/* the program's name */
	int pr_argc;
	uintptr_t pr_argv;
	uintptr_t pr_envp;
	dev_t pr_ttydev;
	char pr_dmodel;		/* PR_MODEL_* */
} psinfo_t;

inline char PR_MODEL_ILP32 = 1;
inline char PR_MODEL_LP64 = 2;

typedef struct lwpsinfo {
	int pr_flag;		/* PR_* */
	id_t pr_lwpid;
	uintptr_t pr_addr;
	uintptr_t pr_wchan;	/* what it sleeps on */
	char pr_stype;		/* SOBJ_* */
	char pr_state;		/* S... */
	char pr_sname;
	short pr_syscall;
	int pr_pri;
	string pr_clname;	/* scheduling class */
	string pr_name;
	processorid_t pr_onpro;
	processorid_t pr_bindpro;
	psetid_t pr_bindpset;
} lwpsinfo_t;

inline int PR_STOPPED = 0x1;
inline int PR_ISTOP = 0x2;
inline int PR_DSTOP = 0x4;
inline int PR_ASLEEP = 0x40;
inline int PR_IDLE = 0x10000000;

inline char SSLEEP = 1;
inline char SRUN = 2;
inline char SZOMB = 3;
inline char SSTOP = 4;
inline char SIDL = 5;
inline char SONPROC = 6;
inline char SWAIT = 7;

inline int SOBJ_NONE = 0;
inline int SOBJ_MUTEX = 1;
inline int SOBJ_RWLOCK = 2;
inline int SOBJ_CV = 3;
inline int SOBJ_SEMA = 4;
inline int SOBJ_USER = 5;
inline int SOBJ_USER_PI = 6;
inline int SOBJ_SHUTTLE = 7;

/* The thread that fired, by what every firing knows: nothing has to be read for it. */
translator psinfo_t < struct hp_firing_thread *thread > {
	pr_nlwp = 1;
	pr_pid = pid;
	pr_ppid = ppid;
	pr_pgid = pgid;
	pr_sid = sid;
	pr_uid = uid;
	pr_euid = euid;
	pr_gid = gid;
	pr_egid = egid;
	pr_addr = (uintptr_t)curthread;
	pr_psargs = execargs;
	pr_arglen = strlen(execargs);
	pr_fname = execname;
	pr_argc = 0;
	pr_argv = 0;
	pr_envp = 0;
	pr_ttydev = 0;
	pr_dmodel = 2;
};

translator lwpsinfo_t < struct hp_firing_thread *thread > {
	pr_flag = 0;
	pr_lwpid = tid;
	pr_addr = (uintptr_t)curthread;
	pr_wchan = 0;
	pr_stype = 0;
	pr_state = 6;		/* it fired: it runs */
	pr_sname = 'O';
	pr_syscall = 0;
	pr_pri = curthread == 0 ? 0 : curthread->prio;
	pr_clname = "";
	pr_name = execname;
	pr_onpro = cpu;
	pr_bindpro = -1;
	pr_bindpset = -1;
};

/* Any thread of a Linux guest, by its kernel's structure. */
translator psinfo_t < struct task_struct *task > {
	pr_nlwp = task->signal->nr_threads;
	pr_pid = task->tgid;
	pr_ppid = task->real_parent->tgid;
	pr_pgid = task->signal->pids[2]->numbers[0].nr;
	pr_sid = task->signal->pids[3]->numbers[0].nr;
	pr_uid = task->cred->uid.val;
	pr_euid = task->cred->euid.val;
	pr_gid = task->cred->gid.val;
	pr_egid = task->cred->egid.val;
	pr_addr = (uintptr_t)task;
	pr_psargs = stringof(task->comm);
	pr_arglen = strlen(stringof(task->comm));
	pr_fname = stringof(task->comm);
	pr_argc = 0;
	pr_argv = task->mm == 0 ? 0 : task->mm->arg_start;
	pr_envp = task->mm == 0 ? 0 : task->mm->env_start;
	pr_ttydev = 0;
	pr_dmodel = 2;
};

translator lwpsinfo_t < struct task_struct *task > {
	pr_flag = (task->__state & 0x3) != 0 ? PR_ASLEEP : (task->__state & 0xc) != 0 ? PR_STOPPED : 0;
	pr_lwpid = task->pid;
	pr_addr = (uintptr_t)task;
	pr_wchan = 0;
	pr_stype = 0;
	pr_state = task->exit_state != 0 ? SZOMB : (task->__state & 0x3) != 0 ? SSLEEP :
	    (task->__state & 0xc) != 0 ? SSTOP : task->on_cpu != 0 ? SONPROC : SRUN;
	pr_sname = task->exit_state != 0 ? 'Z' : (task->__state & 0x3) != 0 ? 'S' :
	    (task->__state & 0xc) != 0 ? 'T' : task->on_cpu != 0 ? 'O' : 'R';
	pr_syscall = 0;
	pr_pri = task->prio;
	pr_clname = task->policy == 1 || task->policy == 2 ? "RT" : task->policy == 6 ? "DL" : "TS";
	pr_name = stringof(task->comm);
	pr_onpro = task->thread_info.cpu;
	pr_bindpro = -1;
	pr_bindpset = -1;
};

inline psinfo_t *curpsinfo = xlate <psinfo_t *> ((struct hp_firing_thread *)0);
inline lwpsinfo_t *curlwpsinfo = xlate <lwpsinfo_t *> ((struct hp_firing_thread *)0);
