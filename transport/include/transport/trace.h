/* What passes between a Linux guest and its VMM beside the hypercalls of abi.h: the virtio trace device, its
 * messages, and the module's ioctls. C11 and C++20, kernel and user space.
 *
 *     VMM  <-- virtqueues of the trace device -->  module (hyprobe.ko)  <-- /dev/hyprobe -->  agent
 *
 * The device carries messages, one to a buffer, which the module passes unread between the queues and
 * /dev/hyprobe: read(2) gives the agent one whole message from the VMM, write(2) sends one. The agent
 * answers them, and attaches probes by ioctl(2). One process at a time holds /dev/hyprobe open (others get
 * EBUSY); what is attached stays when it closes, and goes with the module.
 *
 * Who says what (A = agent):
 *
 *   A -> HELLO                  who the guest is, the versions it speaks, and the programs that the module holds
 *   WELCOME ->                  the host knows the guest; which files it lacks (HP_FILE_*)
 *   or REFUSED ->               ... or why it cannot talk with this agent or module; no ident
 *   A -> FILE, FILE, ...        a piece of a file each; an empty piece ends one. Also in answer to FETCH
 *   PREPARE, ... ->             a program's probes, HP_MSG_MORE on all but the last piece
 *   A -> PREPARED | REFUSED     attached, silent | nothing of it is left
 *   COMMIT ->                   all its probes may fire
 *   A -> COMMITTED
 *   ABORT | KILL ->             detach; A -> KILLED
 *   A -> LOG                    a line for the VMM's log
 *
 * Any message may come twice; a program is known by its ident. After the device was reset or the agent came
 * anew, HELLO starts over. Each side checks every field before it uses it: the VMM distrusts the guest, the
 * agent only what its module would not take.
 *
 * Transactions: each PREPARE has a number of the VMM's, which COMMIT, KILL and the answers to them repeat. So an
 * answer about a program that was dropped and has come again is known by its number. 0: none.
 *
 * Versions: 1 has no transaction numbers; its header ends before them, and its answers are told apart by their
 * order. Each side speaks a range. HELLO, and the REFUSED that answers it, have version 1's header for ever;
 * HELLO's flags say the agent's range, the VMM takes the newest version that both speak, and WELCOME and all that
 * follows has it. A module passes messages unread: it looks at the device's range only, lest it serve a VMM whose
 * queues it does not know.
 *
 * A probe's id is the VMM's (1 to HP_TRACE_PROBES - 1), the same for all programs that have it: attaching one
 * that is attached adds a holder. It rings when one of its holders was committed. */
#ifndef TRANSPORT_TRACE_H
#define TRANSPORT_TRACE_H
#ifdef __KERNEL__
#include <linux/ioctl.h>
#include <linux/types.h>
#else
#include <stdint.h>
#include <sys/ioctl.h>
#endif

/* --- the virtio device (virtio 1.2 over mmio) --- */
#define HP_VIRTIO_ID 0x4850u /* "HP"; not an assigned number */
#define HP_QUEUE_TO_GUEST 0u /* the module keeps buffers of HP_MSG_MAX bytes there */
#define HP_QUEUE_TO_HOST 1u
#define HP_QUEUE_SIZE 16u
struct hp_trace_config { /* device configuration space, read only */
  uint32_t oldest;       /* version that the VMM speaks; all that version 1 has: HP_TRACE_OLDEST */
  uint32_t vmid;         /* 0 until the guest is registered; for the guest's logs only */
  uint32_t newest;       /* HP_TRACE_VERSION; 0, of a VMM of version 1: as oldest */
};

/* --- messages --- */
#define HP_TRACE_OLDEST 1u
#define HP_TRACE_VERSION 2u
#define HP_MSG_MAGIC 0x534d5048u /* "HPMS" */
#define HP_MSG_MAX (64u << 10)   /* bytes with the header */

enum hp_msg_type {
  HP_MSG_HELLO = 1, /* struct hp_hello, then hp_hello_program[programs] */
  HP_MSG_WELCOME,   /* struct hp_welcome */
  HP_MSG_FILE,      /* struct hp_file, then bytes */
  HP_MSG_FETCH,     /* struct hp_fetch: send this file, or HP_FILE_* again */
  HP_MSG_PREPARE,   /* struct hp_prepare, then hp_attach[count], each followed by its text */
  HP_MSG_PREPARED,  /* struct hp_prepared */
  HP_MSG_REFUSED,   /* text: why */
  HP_MSG_COMMIT,    /* nothing */
  HP_MSG_COMMITTED,
  HP_MSG_ABORT,
  HP_MSG_KILL,
  HP_MSG_KILLED,
  HP_MSG_LOG /* text */
};
#define HP_MSG_MORE 1u /* flags: the same message goes on in the next buffer */
/* flags of HELLO; none: version 1 only */
#define HP_HELLO_VERSIONS(oldest, newest) ((uint32_t)(oldest) << 16 | (uint32_t)(newest) << 24)

struct hp_msg {
  uint32_t magic;
  uint16_t version;     /* HP_TRACE_OLDEST to HP_TRACE_VERSION */
  uint16_t type;        /* enum hp_msg_type */
  uint32_t size;        /* of all, with this header; multiple of 8 */
  uint32_t flags;       /* HP_MSG_MORE */
  uint8_t ident[16];    /* the program's; 0 where there is none */
  uint32_t checksum;    /* CRC-32C (Castagnoli) of the message with this field 0 */
  uint32_t text;        /* bytes of text that end the message before its padding */
  uint64_t transaction; /* from version 2 on: number of the PREPARE that this belongs to; 0: none */
};
#define HP_MSG_SIZE_1 40u /* bytes of the header in version 1 */

#define HP_HELLO_NAME 64
struct hp_hello {
  uint32_t abi;      /* HP_ABI_VERSION of the module */
  uint32_t programs; /* hp_hello_program that follow */
  uint32_t cpus;
  uint32_t doorbell;            /* HP_DOORBELL_* that the module rings */
  char hostname[HP_HELLO_NAME]; /* all NUL-terminated */
  char release[HP_HELLO_NAME];  /* uname(2): "6.1.0-56-cloud-amd64" */
  char boot_id[HP_HELLO_NAME];
  char build_id[HP_HELLO_NAME]; /* of the kernel, hexadecimal: names what a host may keep of it */
  uint64_t text_start;          /* address of _text: files name symbols relative to it */
};
struct hp_hello_program {
  uint8_t ident[16];
  uint32_t committed;
  uint32_t probes;
};

/* Files of the guest that the host keeps, the first three by build id. */
enum hp_file_kind {
  HP_FILE_BTF = 1, /* /sys/kernel/btf/vmlinux */
  HP_FILE_SYMBOLS, /* text: "ADDRESS-RELATIVE-TO-_text TYPE NAME\n" in hexadecimal, of vmlinux, sorted.
                          TYPE is nm(1)'s, or x: code that takes no probe */
  HP_FILE_TRACEPOINTS, /* text: "SUBSYSTEM NAME\n" for each tracepoint of vmlinux; SUBSYSTEM "-" unknown */
  HP_FILE_MODULES, /* text, each boot: "MODULE ADDRESS SIZE\n", then its symbols: "\tADDRESS TYPE NAME\n" */
  HP_FILE_PATH /* any file of the guest, by FETCH: ELF files for symbols */
};
struct hp_file {
  uint32_t kind;   /* HP_FILE_* */
  uint32_t error;  /* errno: there is no such file */
  uint64_t serial; /* FETCH's; 0 */
  uint64_t offset; /* of this piece; its bytes are the message's text. No bytes: the end */
};
struct hp_welcome {
  uint32_t vmid;
  uint32_t lacks; /* bit n: HP_FILE_n is wanted */
};
struct hp_fetch {
  uint32_t kind;
  uint32_t reserved;
  uint64_t serial; /* comes back with the pieces */
  /* text: the path, of HP_FILE_PATH */
};

/* --- probes --- */
#define HP_TRACE_PROBES (1u << 17)

enum hp_probe_kind {
  HP_KIND_SYSCALL_ENTRY = 1, /* number */
  HP_KIND_SYSCALL_RETURN,
  HP_KIND_TRACEPOINT,     /* text: its name; number: of arguments, at most 10 */
  HP_KIND_FUNCTION_ENTRY, /* address; text: the symbol, for messages */
  HP_KIND_FUNCTION_RETURN,
  HP_KIND_USER_ENTRY, /* text: the file's path; address: offset in it; number: a pid, 0 any;
                         extra: offset of the reference counter (USDT semaphore) in the file, 0 none */
  HP_KIND_USER_RETURN,
  HP_KIND_PROFILE /* address: ns, at least 100,000; number: 1 on every CPU, 0 on one */
};
#define HP_ATTACH_STACK 1u /* flags: save the kernel stack when it fires */
#define HP_ATTACH_UREGS 2u /* ... and user mode's registers */
struct hp_attach {
  uint32_t size;  /* of this with its text, multiple of 8 */
  uint32_t probe; /* id */
  uint32_t kind;  /* enum hp_probe_kind */
  uint32_t flags; /* HP_ATTACH_* */
  uint64_t address, extra;
  uint32_t number;
  uint32_t text; /* bytes that follow, no NUL */
};
struct hp_prepare {
  uint32_t count; /* hp_attach in this piece */
  uint32_t total; /* in all pieces */
};
struct hp_prepared {
  uint32_t probes;
  uint32_t reserved;
};

/* --- /dev/hyprobe --- */
struct hp_ioc_attach {
  uint8_t ident[16];
  uint64_t probes; /* user address of hp_attach[count], texts included */
  uint32_t size;   /* bytes of them */
  uint32_t count;
  uint32_t
      failed; /* out: index of the probe that could not be attached; then nothing of this call is */
  uint32_t reserved;
};
struct hp_ioc_program {
  uint8_t ident[16];
  uint32_t committed, probes; /* of HP_IOC_PROGRAM; in: index */
};
struct hp_ioc_info {
  uint32_t abi, doorbell; /* HP_ABI_VERSION, HP_DOORBELL_* */
  uint64_t text_start;
  uint32_t programs, probes; /* attached now */
  uint64_t fired;            /* hypercalls so far, all CPUs */
  uint64_t missed; /* firings lost: the CPU's page was in use (NMI), or its buffer of returns */
};
#define HP_IOC_INFO _IOR('H', 1, struct hp_ioc_info)
#define HP_IOC_ATTACH \
  _IOWR('H', 2, struct hp_ioc_attach) /* adds to a program; makes it if it is new */
#define HP_IOC_COMMIT _IOW('H', 3, struct hp_ioc_program) /* all its probes ring from here on */
#define HP_IOC_DETACH _IOW('H', 4, struct hp_ioc_program) /* ENOENT: there is none */
#define HP_IOC_PROGRAM \
  _IOWR('H', 5, struct hp_ioc_program) /* the nth, n in `probes`; ENOENT: no more */

#if defined(__cplusplus)
#define HP_ASSERT(...) static_assert(__VA_ARGS__)
#else
#define HP_ASSERT(...) _Static_assert(__VA_ARGS__)
#endif
HP_ASSERT(sizeof(struct hp_msg) == HP_MSG_SIZE_1 + 8, "message header");
HP_ASSERT(sizeof(struct hp_attach) == 40 && sizeof(struct hp_hello) == 280, "no padding");
HP_ASSERT(sizeof(struct hp_ioc_attach) == 40 && sizeof(struct hp_file) == 24, "no padding");
#undef HP_ASSERT
#endif
