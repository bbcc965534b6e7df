/* The program segment: the state of one running D program, shared by everyone who runs or reads it.
 *
 * One memfd per running program. Every process that fires probes (process-guest monitors, the
 * consumer for BEGIN/END/tick) maps it read-write and runs clauses against it; the consumer reads
 * it. It holds offsets, never pointers, so each process may map it anywhere. The clause code that
 * probec generates, the runtime it is linked with (C++ compiled to bitcode), the dispatcher and the
 * consumer all include this header: it is the whole contract. Freestanding C11 and C++20.
 *
 *   0 +--------------------+
 *     | hp_seg_header      |  one page
 *     +--------------------+  probes_off: hp_seg_probe[max_probes], append-only
 *     | probe table        |
 *     +--------------------+  guests_off: hp_seg_guest[HP_MAX_GUESTS], indexed by vmid
 *     | guest table        |
 *     +--------------------+  modules_off: hp_seg_module[max_modules], a mailbox
 *     | modules            |
 *     +--------------------+  symbols_off: hp_seg_text..., append-only; none of it unless the
 *     | kernel symbols     |  program records kernel addresses
 *     +--------------------+  globals_off
 *     | global variables   |  laid out by the compiler
 *     +--------------------+  dynvars_off: hash table, all zero = empty; owned by the runtime
 *     | dynamic variables  |
 *     +--------------------+  spec_off: hp_spec[nspec]; from the next page on, nspec buffers of
 *     | speculations       |  spec_stride bytes each (none of it unless the program speculates)
 *     +--------------------+  slots_off, nslots * slot_stride
 *     | slot 0 ...         |  hp_slot, then principal[2], then aggregation[2], then scratch
 *     +--------------------+
 *
 * Concurrency. A firing takes one slot for its whole duration: it prefers the slot of the CPU it
 * runs on and otherwise any free one. hp_slot.owner is 0 or the host tid of the holder; a holder
 * that died (SIGKILL inside a handler) is detected by whoever needs the slot next (tgkill/kill says
 * ESRCH) and its lock is stolen. Data is published so that stealing is safe: an aggregation entry is
 * complete before it is linked, a record counts only after hp_buf.used covers it. The consumer takes
 * a slot's lock for an instant to flip hp_slot.active, then reads and resets the inactive halves.
 */
#ifndef TRANSPORT_SEGMENT_H
#define TRANSPORT_SEGMENT_H
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HP_SEG_MAGIC 0x47534850u /* "PHSG" little-endian */
#define HP_SEG_VERSION 3u
#define HP_MAX_GUESTS 4096u
#define HP_NAME_MAX 64u
#define HP_COMM_LEN 16u
#define HP_AGG_BUCKETS 2048u /* hash chains per aggregation half */
#define HP_QUANTIZE_BUCKETS 127u
#define HP_QUANTIZE_ZERO 63u

/* Program life, hp_seg_header.state. Clauses run only in ACTIVE (guests) or by the consumer itself
 * for BEGIN (before ACTIVE) and END (in DRAINING). */
enum { HP_STATE_NEW = 0, HP_STATE_ACTIVE = 1, HP_STATE_DRAINING = 2, HP_STATE_DEAD = 3 };

/* Principal buffers, hp_seg_header.bufpolicy: the consumer takes them again and again (switch), or in
 * the end: what was recorded first (fill) or last (ring). principal.h says what a firing does. */
enum { HP_BUF_SWITCH = 0, HP_BUF_FILL = 1, HP_BUF_RING = 2 };

/* Why data was lost; index of hp_seg_header.drops. Tags as in DTRACEDROP_*. */
enum {
  HP_DROP_PRINCIPAL = 0, /* no room in the principal buffer */
  HP_DROP_AGGREGATION,   /* no room in the aggregation buffer */
  HP_DROP_DYNAMIC,       /* no room for dynamic variables */
  HP_DROP_DYNRINSE,
  HP_DROP_DYNDIRTY,
  HP_DROP_SPEC,
  HP_DROP_SPECBUSY,
  HP_DROP_SPECUNAVAIL,
  HP_DROP_DBLERROR, /* error inside an ERROR clause */
  HP_DROP_STKSTROVERFLOW,
  HP_DROP_SLOTBUSY, /* every slot held: the whole firing was lost */
  HP_DROP_MAX = 16
};

/* Faults: DTRACEFLT_*; numbers are those D scripts see in arg4 of dtrace:::ERROR. */
enum {
  HP_FLT_UNKNOWN = 0,
  HP_FLT_BADADDR = 1,
  HP_FLT_BADALIGN = 2,
  HP_FLT_ILLOP = 3,
  HP_FLT_DIVZERO = 4,
  HP_FLT_NOSCRATCH = 5,
  HP_FLT_KPRIV = 6,
  HP_FLT_UPRIV = 7,
  HP_FLT_TUPOFLOW = 8,
  HP_FLT_BADSTACK = 9,
  HP_FLT_LIBRARY = 10,
  HP_FLT_BADINDEX = 11,
  HP_FLT_BADSIZE = 12
};

/* How one value is stored in an aggregation key or a record field. Everything is 8-byte aligned and
 * canonical, so keys compare with memcmp. */
enum {
  HP_VAL_INT = 1,   /* 8 bytes: the value extended to 64 bits by its own signedness */
  HP_VAL_STR,       /* u64 length without NUL, then the bytes, zero-padded to 8; length < strsize */
  HP_VAL_BYTES,     /* fixed size from the descriptor, zero-padded to 8 */
  HP_VAL_COMM,      /* 16 bytes, NUL-padded: execname */
  HP_VAL_PROBEPROV, /* 8 bytes: index in the probe table; the consumer prints that string, */
  HP_VAL_PROBEMOD,  /*          and merges keys whose strings are equal                    */
  HP_VAL_PROBEFUNC,
  HP_VAL_PROBENAME,
  HP_VAL_VMNAME,   /* 8 bytes: vmid; printed by name from the guest table */
  HP_VAL_HOSTNAME, /* likewise */
  HP_VAL_USYM /* 16 bytes: whose it is, as hp_space() or hp_kspace() gives it, and an address */
};

/* A probe that this program enabled. Index in this table = hp_ctx.probe. The table is filled by those who
 * match: probec for what it knows of, the VMMs of Linux guests for what their kernels have, each name
 * once, under tables_lock. It only ever grows; nprobes is stored with release order after the entry is
 * complete. */
#define HP_PROBE_SHARED (1u << 20) /* + index: the ID of a probe that only guests know */
struct hp_seg_probe {
  uint32_t id; /* probe ID as listings show it; unique in the table */
  uint32_t reserved;
  char prov[32];
  char mod[48];
  char func[128];
  char name[40];
};

struct hp_seg_guest {
  uint32_t vmid;  /* 0: entry unused. vmid 0 is the machine that probec runs on. */
  uint32_t state; /* 1 live, 2 gone */
  char name[HP_NAME_MAX];
  char hostname[HP_NAME_MAX];
};

struct hp_buf {  /* one half of a principal buffer */
  uint64_t used; /* bytes of complete records; release-stored */
};

struct hp_aggbuf { /* one half of an aggregation buffer */
  uint64_t used;   /* bytes of entries allocated after the bucket array */
  uint64_t entries;
};

/* A file that a traced process executes from, as of the firings that name its space. Whoever fires
 * claims a free entry, fills it and makes it ready; the consumer takes what is ready and frees it.
 *
 * The kernel of a Linux guest comes in two entries of the space HP_SPACE_KERNEL | vmid, one for vmlinux and one
 * for its modules, before its first firing and again when it has booted anew (device: a number that grows):
 * offset and inode are place and size of a text in the symbols area, of lines "ADDRESS TYPE NAME" as trace.h has
 * them, and start is what its addresses are relative to. */
#define HP_SPACE_GUEST \
  0x40000000u /* | vmid: a process of a Linux guest, of which no files are known */
#define HP_SPACE_KERNEL 0x80000000u /* | vmid */
#define HP_MODULE_PATH 456u
enum { HP_MODULE_FREE = 0, HP_MODULE_BUSY = 1, HP_MODULE_READY = 2 };
struct hp_seg_module {
  uint32_t state; /* atomic HP_MODULE_* */
  uint32_t space; /* a process image's number, unique in this segment */
  uint64_t start, end, offset;
  uint64_t device, inode;    /* of the file, to tell it from one that took its name */
  char path[HP_MODULE_PATH]; /* NUL-terminated; "[vdso]"; "" unknown */
  uint32_t pid, reserved;    /* who mapped it, by its own number */
};

/* A text in the symbols area: written once, under tables_lock, shared by all who have the same. */
#define HP_SYMBOLS_SIZE (64ull << 20) /* bytes of the area; sparse */
struct hp_seg_text {
  uint64_t size; /* bytes that follow, then padding to 8 */
  uint64_t hash; /* of them, to find an equal one */
};

struct hp_slot {
  uint32_t owner;  /* atomic: host tid, 0 = free */
  uint32_t active; /* 0 or 1: the half that firings write; changed under the lock */
  uint32_t index;
  uint32_t reserved;
  struct hp_buf principal[2];
  struct hp_aggbuf agg[2];
  uint64_t firings;  /* clauses run, for the statistics */
  uint64_t drops[2]; /* atomic: HP_DROP_PRINCIPAL and HP_DROP_AGGREGATION of the firings on the CPUs
                        whose number is this slot's, modulo the number of slots */
  uint64_t chill_mark, chilled; /* chill(): ns since the mark, which advances every second */
  uint8_t pad[24];
};

/* An aggregation entry; next is the byte offset from the start of the aggregation half / 8, 0 = end.
 * buckets: uint32_t[HP_AGG_BUCKETS] at the start of the half, same unit. */
struct hp_agg_entry {
  uint32_t next;
  uint32_t hash;
  uint32_t agg;     /* index in the object's aggregation table */
  uint32_t keysize; /* bytes, multiple of 8; values follow the key */
  /* uint8_t key[keysize]; uint64_t value[words of the aggregation]; */
};

/* Values of the aggregating functions, in 64-bit words:
 *   count 1, sum 1, min 1, max 1, avg 2 {count, sum}, stddev 4 {count, sum, sumsq lo, sumsq hi},
 *   quantize HP_QUANTIZE_BUCKETS, lquantize levels+2 (underflow, levels..., overflow),
 *   llquantize: number of buckets from its parameters, plus underflow and overflow. */

/* A speculation: number i (ids are i + 1) and its buffer of complete records, for all CPUs and guests
 * alike. Everything but a first look at state happens under the lock, which is held for as long as a
 * copy takes. commit() moves the records to the principal buffer of the committing firing's slot and
 * discard() forgets them, at once on all CPUs; then the number is free again. */
enum { HP_SPEC_INACTIVE = 0, HP_SPEC_ACTIVE = 1 };
struct hp_spec {
  uint32_t lock;    /* atomic: host tid of the holder, 0 = free; a dead holder's is stolen */
  uint32_t state;   /* atomic: HP_SPEC_* */
  uint32_t creator; /* host tid whose speculation() it is; when that thread is gone and no other
                       number is free, the next speculation() takes it over */
  uint32_t reserved;
  uint64_t used;    /* bytes of records, at most spec_stride */
  uint64_t charged; /* what they count for against specsize: sizes as dtrace(1) lays them out */
  uint8_t pad[32];
};

enum { HP_REC_CLAUSE = 1, HP_REC_ERROR = 2 };

struct hp_rec {       /* a record in a principal buffer */
  uint32_t size;      /* bytes with this header, multiple of 8 */
  uint16_t kind;      /* HP_REC_* */
  uint16_t cpu;       /* host CPU, or the guest's vCPU number for Linux guests */
  uint32_t clause;    /* index in the object's clause table */
  uint32_t probe;     /* index in the probe table */
  uint64_t timestamp; /* ns, CLOCK_MONOTONIC; orders records across slots */
  uint32_t vmid;
  uint32_t indent; /* reserved for flow indentation */
  /* HP_REC_CLAUSE: hp_rec_action..., HP_REC_ERROR: hp_rec_error */
};

struct hp_rec_action {
  uint32_t action; /* index in the object's action table */
  uint32_t size;   /* bytes with this header, multiple of 8; fields follow in HP_VAL_* encoding */
};

struct hp_rec_error {
  uint32_t fault;  /* HP_FLT_* */
  uint32_t action; /* 1-based number of the statement in the clause, 0 = predicate */
  uint64_t addr;   /* faulting address or value */
  uint64_t offset; /* offset within the clause's code, for the message */
};

struct hp_seg_header {
  uint32_t magic, version;
  uint64_t size;
  uint8_t ident[16]; /* 128-bit program ident, random */
  uint32_t state;    /* atomic HP_STATE_* */
  uint32_t exiting;  /* atomic: exit() ran; guests stop firing, the consumer runs END */
  int32_t exit_status;
  uint32_t strsize; /* bytes with NUL, 256 unless -x strsize */
  uint32_t nslots;
  uint32_t nprobes, max_probes; /* nprobes atomic */
  uint32_t self_pid;            /* the consumer's pid, by which an orphaned segment is known */
  uint64_t probes_off, guests_off;
  uint64_t globals_off, globals_size;
  uint64_t dynvars_off, dynvars_size;
  uint64_t spec_off, spec_size;
  uint64_t spec_stride; /* bytes of one speculation's buffer */
  uint64_t specsize;    /* of those, what the records of one may count for (-x specsize) */
  uint32_t bufpolicy;   /* HP_BUF_* */
  uint32_t
      tables_lock; /* atomic: host tid of who adds to a table, 0 = free; a dead one's is stolen */
  uint32_t nspec;  /* speculations; ids are 1 to nspec */
  uint32_t spec_next; /* atomic: where speculation() looks for one whose creator is gone */
  uint64_t slots_off, slot_stride;
  uint64_t principal_size;     /* bytes of one half; at slot + sizeof(hp_slot) */
  uint64_t agg_size;           /* bytes of one half; after both principal halves */
  uint64_t scratch_size;       /* bytes; after both aggregation halves */
  uint64_t drops[HP_DROP_MAX]; /* atomic counters since start */
  uint64_t errors;             /* atomic: ERROR records */
  int64_t target_pid;          /* $target */
  uint64_t modules_off;        /* hp_seg_module[max_modules], after the guest table */
  uint32_t max_modules;        /* 0: the program records no user addresses */
  uint32_t next_space;         /* atomic: numbers given to process images so far */
  uint32_t next_module;        /* atomic: where to look for a free entry */
  uint32_t used_modules;       /* atomic: entries beyond were never used */
  uint64_t symbols_off, symbols_size;
  uint64_t symbols_used; /* bytes from symbols_off; changed under tables_lock */
};

/* What a clause may know about the firing. Built by the dispatcher on its stack, lives for one firing
 * of one program; clauses of that firing share it in order. Not in shared memory. */
struct hp_ctx {
  struct hp_seg_header* seg;
  struct hp_slot* slot;
  const struct hp_firing* firing;
  uint32_t probe;  /* index in the probe table */
  uint32_t clause; /* index of the running clause */
  uint32_t action; /* 1-based statement number, kept by generated code before faulting operations */
  uint32_t fault;  /* HP_FLT_* + nonzero = clause aborted */
  uint64_t fault_addr;
  uint64_t fault_offset;
  uint64_t timestamp, vtimestamp; /* cached on first use in this firing; 0 = not read yet */
  uint64_t error_args[6];         /* arg0..5 of dtrace:::ERROR when is_error */
  uint32_t is_error;
  uint32_t speculation; /* nonzero: the clause's record goes to this speculation */
  uint8_t* scratch;     /* alloca, copyin, string temporaries; reset for each clause */
  uint32_t scratch_used, scratch_size;
  uint8_t* locals; /* this-> variables: zeroed at each firing, shared by its clauses */
  uint8_t* rec;    /* record being built, 0 = none; owned by the runtime */
  uint32_t rec_used, rec_max;
  const void* program; /* opaque: the dispatcher's own, for its primitives */
  const char* strtok;  /* where strtok(NULL, ...) goes on; reset by each clause that uses it */
  uint64_t signals;    /* bit n - 1: signal n is sent when the firing ends and its slot is free */
};

/* General registers of x86-64, in the order of kvm_regs. */
struct hp_uregs {
  uint64_t rax, rbx, rcx, rdx, rsi, rdi, rsp, rbp;
  uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
  uint64_t rip, rflags;
};

/* The firing thread is one of a guest's own kernel: its pid and tid mean nothing to the host. */
#define HP_FIRING_GUEST_KERNEL 1u

/* What fired; shared by all programs of this firing. Identity comes from the host. */
struct hp_firing {
  uint64_t args[10];
  int32_t pid, tid, ppid; /* as the guest's processes see themselves */
  uint32_t uid, gid;
  uint32_t cpu;  /* host CPU */
  uint32_t vcpu; /* number of the vCPU within its guest */
  uint32_t vmid;
  int32_t err;    /* errno of a returning system call, else 0 */
  uint32_t flags; /* HP_FIRING_* */
  char execname[HP_COMM_LEN];
  const char *vmname, *hostname, *osversion; /* NUL-terminated */
  uint64_t pc;                               /* user program counter, 0 if unknown */
  uint64_t stack;                            /* user stack pointer */
  uint64_t frame;                            /* user frame pointer */
  void* mem;                                 /* opaque: passed to hp_load by the primitives */
  int64_t host_tid; /* kernel tid of the thread that runs the clauses, for slot ownership */
  uint64_t thread;  /* the thread's number within its guest: never given twice, kept across exec */
  uint64_t args_start, args_end; /* the program's argument strings in guest memory; 0 unknown */
  const int32_t* ancestors;      /* pids: the process, its parent, ... for objects that ask */
  uint32_t nancestors;
  const struct hp_uregs* uregs; /* the thread's registers in user mode, 0 = unknown */
  const void* modules; /* opaque, for the primitives: what its process has mapped; 0 = unknown */
  uint64_t task;       /* the thread's task_struct in its guest's kernel; 0: there is none */
};

/* Primitives: all that an object may import. Implemented by the dispatcher of the placement.
 * Return 0, or an HP_FLT_* with ctx->fault_addr set. Thread-safe; never block on the guest. */
int hp_load(struct hp_ctx*, void* dst, uint64_t gva, uint64_t size);
/* Copies a NUL-terminated string of at most max-1 bytes and terminates it; *len without NUL. */
int hp_load_str(struct hp_ctx*, char* dst, uint64_t gva, uint64_t max, uint64_t* len);
int hp_store(struct hp_ctx*, uint64_t gva, const void* src, uint64_t size); /* destructive only */
uint64_t hp_now(void);             /* ns, CLOCK_MONOTONIC */
uint64_t hp_walltime(void);        /* ns since the Epoch */
uint64_t hp_vtime(struct hp_ctx*); /* ns of CPU time of the firing thread */
/* Frames of the user stack; returns the number stored. */
uint32_t hp_ustack(struct hp_ctx*, uint64_t* pcs, uint32_t max);
/* Whose user addresses this firing records: process ID, and above it the number of its image (see
 * hp_seg_module), 0 for the consumer's own. */
uint64_t hp_space(struct hp_ctx*);
/* The same of the kernel that a Linux guest runs; none, and 0, where there is no such kernel. */
uint32_t hp_kstack(struct hp_ctx*, uint64_t* pcs, uint32_t max);
uint64_t hp_kspace(struct hp_ctx*);
/* Register n of uregs[], in the order of regs.d; 0 when it is not known. */
uint64_t hp_ureg(struct hp_ctx*, uint64_t n);
int hp_panic(struct hp_ctx*); /* destructive: panic(); returns if there is no guest to kill */
/* Called while waiting for a lock in the segment that thread `owner` (host tid) holds: gives the CPU
 * away and returns nonzero when that thread no longer exists, so that the lock may be stolen. */
int hp_owner_dead(uint32_t owner);
/* Is there no thread with this tid any more? No when that cannot be told. */
int hp_thread_gone(uint32_t tid);
uint32_t hp_epid(struct hp_ctx*); /* enabled probe ID of the running clause */
/* What is seldom asked of the process that fires, and changes without a word: read when asked. */
enum { HP_ID_PGID = 0, HP_ID_SID, HP_ID_EUID, HP_ID_EGID };
int64_t hp_identity(struct hp_ctx*, uint32_t what); /* HP_ID_* */
enum { HP_TEXT_CWD = 0, HP_TEXT_ROOT, HP_TEXT_EXECARGS };
/* HP_TEXT_* into dst, cut at max-1 bytes, with its NUL; the length. "" when it cannot be told. */
uint32_t hp_text(struct hp_ctx*, uint32_t what, char* dst, uint32_t max);

#ifdef __cplusplus
}
static_assert(sizeof(hp_slot) == 128, "two cache lines");
static_assert(sizeof(hp_rec) == 32, "record header");
static_assert(sizeof(hp_spec) == 64, "a cache line");
static_assert(sizeof(hp_agg_entry) == 16, "aggregation entry header");
static_assert(sizeof(hp_seg_probe) == 256, "probe entry");
static_assert(sizeof(hp_seg_module) == 512, "module entry");
static_assert(sizeof(hp_seg_text) == 16, "text header");
static_assert(sizeof(hp_seg_header) <= 4096, "header fits its page");
#endif
#endif
