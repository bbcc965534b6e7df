/* Processors: cpuinfo_t, and the one that fired. */
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

inline cpuinfo_t *curcpu = xlate <cpuinfo_t *> (cpu);
