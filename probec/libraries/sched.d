/* Processors: cpuinfo_t, and the one that fired. The sched provider of Linux guests. */
#pragma D depends_on library procfs.d

typedef struct cpuinfo {
	processorid_t cpu_id;
	psetid_t cpu_pset;	/* processor set */
	chipid_t cpu_chip;
	lgrp_id_t cpu_lgrp;	/* latency group */
} cpuinfo_t;

translator cpuinfo_t < processorid_t id > {
	cpu_id = id;
	cpu_pset = 0;
	cpu_chip = 0;
	cpu_lgrp = 0;
};

/* By the run queue. */
translator cpuinfo_t < struct rq *rq > {
	cpu_id = rq->cpu;
	cpu_pset = 0;
	cpu_chip = 0;
	cpu_lgrp = 0;
};

inline cpuinfo_t *curcpu = xlate <cpuinfo_t *> (cpu);

/* The priority lent by another thread. */
struct sched_change_pri {
	int value;
};

translator struct sched_change_pri < struct task_struct *from > {
	value = from == 0 ? 0 : from->prio;
};

provider sched {
	probe on__cpu();
	probe off__cpu(int preempted, struct task_struct *task, struct task_struct *next) :
	    (lwpsinfo_t *next, psinfo_t *next);
	probe wakeup(struct task_struct *task) : (lwpsinfo_t *task, psinfo_t *task);
	probe enqueue(struct rq *rq, struct task_struct *task) :
	    (lwpsinfo_t *task, psinfo_t *task, cpuinfo_t *rq);
	probe dequeue(struct rq *rq, struct task_struct *task) :
	    (lwpsinfo_t *task, psinfo_t *task, cpuinfo_t *rq);
	probe change__pri(struct task_struct *task, struct task_struct *from) :
	    (lwpsinfo_t *task, psinfo_t *task, int from);
};
