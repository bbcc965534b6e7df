/* The compiled D program: a relocatable ELF64 x86-64 object and the tables in its sections.
 *
 *   .text.clause.N   one function per clause, `int hp_clause_N(struct hp_ctx *)`, predicate first.
 *                    Returns 0, or the HP_FLT_* that aborted it. SysV ABI, no red zone, general
 *                    registers only (placement in a guest's kernel or gate needs that).
 *   .hyprobe.data    hp_obj_header and the tables below: all that consumer and dispatcher need
 *   .hyprobe.source  the script's text
 *   .hyprobe.core    hp_core_header: what the code takes from the kernel that it is linked for
 *
 * Undefined symbols may only be the primitives of segment.h and hp_core_N. The object is position independent and
 * placement-agnostic. Readers trust nothing in it: every offset, count and string is checked once by
 * Object::parse (object.hpp) before anything is used. All integers little-endian.
 *
 * A table is {offset from the start of .hyprobe.data, count}; strings are offsets into the string
 * table, NUL-terminated; a range is {first, count} into another table. Freestanding C11 and C++20.
 */
#ifndef TRANSPORT_OBJECT_H
#define TRANSPORT_OBJECT_H
#include <stdint.h>

#define HP_OBJ_MAGIC 0x424f5048u /* "HPOB" */
#define HP_OBJ_VERSION 2u
#define HP_OBJ_SECTION_DATA ".hyprobe.data"
#define HP_OBJ_SECTION_SOURCE ".hyprobe.source"

enum {
  HP_TBL_STRINGS = 0, /* bytes; offset 0 is "" */
  HP_TBL_DESCS,       /* hp_obj_desc */
  HP_TBL_CLAUSES,     /* hp_obj_clause */
  HP_TBL_ACTIONS,     /* hp_obj_action */
  HP_TBL_FIELDS,      /* hp_obj_field */
  HP_TBL_AGGS,        /* hp_obj_agg */
  HP_TBL_AGGREFS,     /* uint32_t aggregation indices: arguments of printa and friends */
  HP_TBL_VARS,        /* hp_obj_var, for listings */
  HP_TBL_OPTIONS,     /* hp_obj_option, in source order */
  HP_TBL_ENUMS,       /* reserved */
  HP_TBL_MAX = 16
};

struct hp_obj_range {
  uint32_t first, count;
};
struct hp_obj_table {
  uint32_t offset, count;
};

struct hp_obj_header {
  uint32_t magic, version;
  uint32_t size;  /* of the whole section */
  uint32_t flags; /* HP_OBJ_DESTRUCTIVE ... */
  uint32_t strsize;
  uint32_t globals_size; /* bytes of global scalar storage */
  uint32_t locals_size;  /* bytes of this-> storage */
  uint32_t reserved;
  uint8_t ident[16]; /* hash of the source and options */
  struct hp_obj_table tables[HP_TBL_MAX];
};
enum {
  HP_OBJ_DESTRUCTIVE = 1,
  HP_OBJ_USES_MEMORY = 2,
  HP_OBJ_QUIET = 4,
  HP_OBJ_USES_PPID = 8,   /* a clause looks at the firing's ppid, which may change at any time */
  HP_OBJ_SPECULATES = 16, /* a clause calls speculation() or what belongs to it */
  HP_OBJ_USES_ANCESTORS = 32, /* a clause asks progenyof() */
  HP_OBJ_USES_STACKS = 0x100, /* a clause records or walks user addresses */
  HP_OBJ_USES_KERNEL = 0x200  /* a clause records kernel addresses or walks the kernel's stack */
};

/* A probe description as written, macro-expanded. Empty string = matches all. */
struct hp_obj_desc {
  uint32_t target, prov, mod, func, name; /* strings; globs */
  uint32_t clause;
  uint32_t id; /* nonzero: given by numeric ID (-i) */
  uint32_t line, column;
};

struct hp_obj_clause {
  uint32_t symbol; /* string "hp_clause_N" */
  uint32_t flags;  /* HP_CLAUSE_* */
  struct hp_obj_range descs;
  struct hp_obj_range actions; /* the clause's actions, in order */
  uint32_t max_record;         /* bytes: largest record with header, 0 = writes none */
  uint32_t line;
  uint32_t source, source_len; /* range of .hyprobe.source */
  uint32_t charge;             /* bytes of the record as dtrace(1) lays it out, 0 = writes none */
};
enum {
  HP_CLAUSE_DEFAULT = 1 /* empty body: print the probe */,
  HP_CLAUSE_PREDICATE = 2,
  HP_CLAUSE_SPECULATES = 4,
  HP_CLAUSE_COMMITS = 8
};

enum {                   /* hp_obj_action.kind: what the consumer does with the entry */
       HP_ACT_TRACE = 1, /* one field, printed by its type */
       HP_ACT_TRACEMEM,
       HP_ACT_PRINTF, /* format + fields */
       HP_ACT_PRINTA, /* format (may be "") + aggrefs */
       HP_ACT_PRINT,
       HP_ACT_CLEAR,
       HP_ACT_TRUNC,
       HP_ACT_NORMALIZE,
       HP_ACT_DENORMALIZE, /* aggrefs; field 0: value */
       HP_ACT_EXIT,        /* field 0: status */
       HP_ACT_FREOPEN,
       HP_ACT_SYSTEM, /* format + fields */
       HP_ACT_FTRUNCATE,
       HP_ACT_SETOPT,
       HP_ACT_STACK,
       HP_ACT_USTACK,
       HP_ACT_JSTACK,
       HP_ACT_SYM,
       HP_ACT_MOD,
       HP_ACT_USYM,
       HP_ACT_UMOD,
       HP_ACT_UADDR,
       HP_ACT_COMMIT,
       HP_ACT_DISCARD,
       HP_ACT_SPECULATE,
       HP_ACT_PCAP
};

struct hp_obj_action {
  uint32_t kind;
  uint32_t format; /* string */
  struct hp_obj_range fields;
  struct hp_obj_range aggs; /* into HP_TBL_AGGREFS */
  uint32_t flags;           /* bit 0: trunc has a count */
  uint32_t line;
};

struct hp_obj_field {
  uint32_t val;   /* HP_VAL_* */
  uint32_t size;  /* of the D type in bytes (1,2,4,8 for integers) */
  uint32_t flags; /* HP_FIELD_* */
  uint32_t type;  /* string: D type name, "int", "string", "char [8]" */
};
/* STACK, USTACK: HP_VAL_BYTES, the frames' program counters, at least one 0, whose they are as in
 * hp_kspace() and hp_space() (8 bytes each). SYM: HP_VAL_USYM, whatever its size; `type` names
 * the function that asked ("usym", "umod" ...); it is printed as the function's name unless MODULE or
 * ADDRESS says otherwise. */
enum {
  HP_FIELD_SIGNED = 1,
  HP_FIELD_POINTER = 2,
  HP_FIELD_CHAR = 4,
  HP_FIELD_ARRAY = 8,
  HP_FIELD_STACK = 16,
  HP_FIELD_USTACK = 32,
  HP_FIELD_SYM = 64,
  HP_FIELD_STRUCT = 128,
  HP_FIELD_MODULE = 0x1000, /* of SYM: only the module's name */
  HP_FIELD_ADDRESS = 0x2000 /* of SYM: with the offset in the function */
};

enum { /* hp_obj_agg.func */
       HP_AGG_COUNT = 1,
       HP_AGG_SUM,
       HP_AGG_MIN,
       HP_AGG_MAX,
       HP_AGG_AVG,
       HP_AGG_STDDEV,
       HP_AGG_QUANTIZE,
       HP_AGG_LQUANTIZE,
       HP_AGG_LLQUANTIZE
};

struct hp_obj_agg {
  uint32_t name; /* string without '@'; "_" for the anonymous @ */
  uint32_t func;
  struct hp_obj_range keys; /* fields */
  uint32_t words;           /* value words, see segment.h */
  uint32_t flags;   /* bit 0: argument is signed; bit 1: printed by some printa (then not at END) */
  int64_t param[5]; /* lquantize: base, limit, step; llquantize: factor, low, high, steps */
};
enum { HP_AGG_SIGNED = 1, HP_AGG_PRINTED = 2 };

struct hp_obj_var {
  uint32_t name;
  uint32_t scope; /* 0 global, 1 self, 2 this */
  uint32_t kind;  /* 0 scalar, 1 associative array */
  uint32_t id;
  uint32_t size, type, line, reserved;
};

struct hp_obj_option {
  uint32_t name, value;
};

/* .hyprobe.core, absent when a program looks into no kernel's structures. The code was compiled against
 * the types of one kernel and runs in guests with others: what depends on the kernel is not in the code
 * but the value of the undefined symbol hp_core_N, which the linker defines by row N, from the BTF of
 * the guest's own kernel; where there is none, as `reference`, what it was in the kernel compiled for.
 *
 *   hp_core_header, then the rows, then the strings; offsets from the start of the section
 *
 * A program that was linked for one kernel (probec -y) has no rows left: the values are in its code, and the section
 * says which kernel that was, so that others can refuse it.
 *
 * A path is names of members, from the type on, as C writes them: "cred", "uid.val", "files[].x" where
 * [] is an element of an array, whichever: the code adds the index. Members of anonymous structures
 * and unions are found by their names alone. */
#define HP_OBJ_SECTION_CORE ".hyprobe.core"
#define HP_CORE_MAGIC 0x4f435048u /* "HPCO" */
#define HP_CORE_VERSION 1u
#define HP_CORE_SYMBOL_PREFIX "hp_core_"

enum {                    /* hp_core_reloc.kind; what the value is */
       HP_CORE_FIELD = 1, /* how to read the member, see HP_CORE_DESCRIPTOR */
       HP_CORE_OFFSET,    /* bytes from the start of the type */
       HP_CORE_SIZE,      /* bytes of the member, or with an empty path the type; never 0 */
       HP_CORE_ADDRESS,   /* of the symbol `path` of module `type` ("" the kernel) */
       /* | any: what the kernel does not have is no error but reads as 0 (HP_CORE_ABSENT), has size 0 */
       HP_CORE_OPTIONAL = 0x100
};

struct hp_core_header {
  uint32_t magic, version;
  uint32_t size;   /* of the whole section */
  uint32_t linked; /* offset of the hp_core_kernel that it is linked for; 0: for none */
  struct hp_obj_table relocations; /* hp_core_reloc */
  struct hp_obj_table strings;     /* bytes; offset 0 is "" */
};

struct hp_core_kernel { /* a kernel, as far as its BTF tells one from another */
  uint64_t btf_size;    /* bytes; 0 is no kernel's */
  uint64_t btf_hash;    /* FNV-1a, 64 bits, of its bytes: a mistake is found, no forgery */
  uint32_t name;        /* string: what messages call it */
  uint32_t reserved;
};

struct hp_core_reloc {
  uint32_t kind; /* HP_CORE_* */
  uint32_t type; /* string: "struct task_struct", "union u", a typedef's name "kuid_t" */
  uint32_t path; /* string */
  uint32_t line; /* of the script */
  uint64_t reference;
};

/* How to read an integer or pointer: load 1 << (descriptor >> 32 & 3) bytes at offset (descriptor &
 * 0xffffffff), zero-extended; shift left by (>> 40 & 63) and right by (>> 48 & 63), arithmetically if
 * HP_CORE_SIGNED. Any 64 bits are a descriptor that can be followed. */
#define HP_CORE_SIGNED (1ull << 63)
#define HP_CORE_DESCRIPTOR(offset, log2_bytes, left, right, is_signed) \
  ((uint64_t)(uint32_t)(offset) | (uint64_t)((log2_bytes) & 3) << 32 | \
   (uint64_t)((left) & 63) << 40 | (uint64_t)((right) & 63) << 48 |    \
   ((is_signed) ? HP_CORE_SIGNED : 0))

#define HP_CORE_ABSENT HP_CORE_DESCRIPTOR(0, 0, 0, 63, 0)

#ifdef __cplusplus
static_assert(sizeof(hp_core_header) == 32 && sizeof(hp_core_reloc) == 24 &&
                  sizeof(hp_core_kernel) == 24,
              "CO-RE");
static_assert(sizeof(hp_obj_header) == 176, "object header");
static_assert(sizeof(hp_obj_desc) == 36 && sizeof(hp_obj_clause) == 44, "tables");
static_assert(sizeof(hp_obj_action) == 32 && sizeof(hp_obj_field) == 16, "tables");
static_assert(sizeof(hp_obj_agg) == 64 && sizeof(hp_obj_var) == 32, "tables");
#endif
#endif
