/* The runtime that compiled clauses are linked with: freestanding C++, compiled to LLVM bitcode when
 * probec is built, embedded in probec, and materialised function by function into each D program,
 * then inlined into its clauses. Nothing here knows where it runs: all state is reached from
 * hp_ctx, and the only symbols left undefined are the primitives of transport/segment.h.
 *
 * Conventions
 *  - A function that may fault calls rt_fail (which sets ctx->fault and ctx->fault_addr) and returns
 *    0 or nullptr; generated code tests ctx->fault after the call and leaves the clause.
 *  - A D string is a pointer to NUL-terminated bytes in host memory (scratch, locals, literals), at
 *    most hp_strsize bytes with its NUL, valid until the clause ends; nullptr is D's NULL and reads as "".
 *  - A D pointer is a number. Guest pointers are themselves; pointers to memory of this program
 *    (alloca and copyin, global variables, this-> variables) are HP_RT_*_TAG | offset within that
 *    area: not canonical, so no guest address can be taken for one, and checked at each access. Which
 *    of both a pointer may be is known when it is compiled (Space): a guest's number that looks like
 *    the program's is not followed (hp_rt_guest_address).
 *  - Keys and record fields use the HP_VAL_* encodings: multiples of 8 bytes, canonical.
 *  - No loop runs longer than the strings and sizes given, which are bounded by hp_strsize or scratch. */
#ifndef PROBEC_RUNTIME_RUNTIME_HPP
#define PROBEC_RUNTIME_RUNTIME_HPP
#include "tags.h"
#include "transport/buckets.h"
#include "transport/principal.h"
#include "transport/segment.h"

#define RT_INLINE inline __attribute__((always_inline))
#define RT_UNLIKELY(x) __builtin_expect(!!(x), 0)

extern "C" {

/* Defined by the code generator: constants of the program, folded during optimisation. */
extern const uint32_t hp_strsize;      /* bytes of a string with its NUL */
extern const uint32_t hp_dyn_key_size; /* bytes of the largest dynamic variable key */
extern const uint32_t hp_dyn_val_size; /* bytes of the largest dynamic variable value */
extern const uint32_t hp_locals_size;  /* bytes of this-> variables */
extern const uint32_t hp_globals_size; /* bytes of global variables */

/* --- memory.cpp */
void* hp_rt_alloc(hp_ctx*, uint64_t size);                  /* 8-aligned scratch, not cleared */
uint64_t hp_rt_alloca(hp_ctx*, uint64_t size);              /* D pointer to scratch */
uint64_t hp_rt_load(hp_ctx*, uint64_t addr, uint32_t size); /* zero-extended 1, 2, 4 or 8 bytes */
void hp_rt_load_bytes(hp_ctx*, void* dst, uint64_t addr, uint64_t size);
void hp_rt_store(hp_ctx*, uint64_t addr, uint64_t value, uint32_t size); /* never to a guest */
/* A member by the descriptor of object.h, of the structure at addr: extended to 64 bits by its own
 * signedness. foreign: addr is the guest's word. */
uint64_t hp_rt_core_load(hp_ctx*, uint64_t addr, uint64_t descriptor, uint32_t foreign);
/* What the guest says, as an address: never one of the program's own memory, which is a bad one. */
uint64_t hp_rt_guest_address(uint64_t addr);
uint64_t hp_rt_scratch_ptr(hp_ctx*, const void* scratch); /* D pointer to it */
uint64_t hp_rt_copyin(hp_ctx*, uint64_t addr, uint64_t size);
void hp_rt_copyinto(hp_ctx*, uint64_t addr, uint64_t size, uint64_t dst);
const char* hp_rt_copyinstr(hp_ctx*, uint64_t addr, uint64_t max);
void hp_rt_copyout(hp_ctx*, uint64_t src, uint64_t dst, uint64_t size);
void hp_rt_copyoutstr(hp_ctx*, const char* s, uint64_t dst, uint64_t max);
void hp_rt_bcopy(hp_ctx*, uint64_t src, uint64_t dst, uint64_t size);
/* Stores a string where a D pointer to the program's own memory points; null: the empty one. */
void hp_rt_str_store(hp_ctx*, uint64_t dst, const char* s);
const char* hp_rt_stringof(hp_ctx*, uint64_t addr); /* string at a D pointer of either kind */
const char* hp_rt_chars(hp_ctx*, uint64_t addr, uint64_t size); /* char array of fixed size */
uint64_t hp_rt_string_ptr(hp_ctx*, const char* s); /* D pointer to a copy of a string */

/* --- record.cpp */
uint8_t* hp_rt_rec_begin(hp_ctx*, uint32_t max);
uint8_t* hp_rt_rec_full(hp_ctx*, uint64_t need); /* of rec_begin, when there is no room */
void hp_rt_rec_commit(hp_ctx*, uint8_t* rec, uint32_t size, uint16_t kind);
uint32_t hp_rt_put_str(uint8_t* dst, const char* s); /* bytes written, multiple of 8 */
uint32_t hp_rt_put_bytes(hp_ctx*, uint8_t* dst, uint64_t addr, uint32_t size, uint32_t room);
/* A word that counts the bytes that could be read, then `room` bytes. */
void hp_rt_put_packet(hp_ctx*, uint8_t* dst, uint64_t addr, uint32_t size, uint32_t room);
uint32_t hp_rt_put_ustack(hp_ctx*, uint8_t* dst, uint32_t frames);
void hp_rt_exit(hp_ctx*, int32_t status);
uint64_t hp_rt_ucaller(hp_ctx*);
uint64_t hp_rt_ustackdepth(hp_ctx*);

/* --- speculation.cpp */
int32_t hp_rt_speculation(hp_ctx*);
int32_t hp_rt_speculate(hp_ctx*, int32_t id);
/* charge: what the record counts for against specsize. */
void hp_rt_rec_speculate(hp_ctx*, uint8_t* rec, uint32_t size, uint32_t charge);
void hp_rt_commit(hp_ctx*, int32_t id);
void hp_rt_discard(hp_ctx*, int32_t id);

/* --- aggregate.cpp */
uint64_t* hp_rt_agg(hp_ctx*, uint32_t agg, const uint8_t* key, uint32_t keysize, uint32_t words,
                    uint64_t initial);
void hp_rt_agg_count(uint64_t* v, uint64_t n);
void hp_rt_agg_sum(uint64_t* v, uint64_t n);
void hp_rt_agg_min(uint64_t* v, uint64_t n);
void hp_rt_agg_max(uint64_t* v, uint64_t n);
void hp_rt_agg_avg(uint64_t* v, uint64_t n);
void hp_rt_agg_stddev(uint64_t* v, uint64_t n);
void hp_rt_agg_quantize(uint64_t* v, uint64_t n, uint64_t increment);
void hp_rt_agg_lquantize(uint64_t* v, uint64_t n, uint64_t increment, int64_t base, int64_t limit,
                         int64_t step);
void hp_rt_agg_llquantize(uint64_t* v, uint64_t n, uint64_t increment, int64_t factor, int64_t low,
                          int64_t high, int64_t steps);

/* --- dynvar.cpp */
uint64_t hp_rt_dyn_get(hp_ctx*, const uint8_t* key, uint32_t keysize);
void hp_rt_dyn_set(hp_ctx*, const uint8_t* key, uint32_t keysize, uint64_t value);
const char* hp_rt_dyn_get_str(hp_ctx*, const uint8_t* key, uint32_t keysize);
void hp_rt_dyn_set_str(hp_ctx*, const uint8_t* key, uint32_t keysize, const char* value);
/* Values of a fixed size: a copy in scratch (zeros when there is none), and the way back. */
uint8_t* hp_rt_dyn_get_bytes(hp_ctx*, const uint8_t* key, uint32_t keysize, uint32_t size);
void hp_rt_dyn_set_bytes(hp_ctx*, const uint8_t* key, uint32_t keysize, const uint8_t* value,
                         uint32_t size);
void hp_rt_dyn_free(hp_ctx*, const uint8_t* key, uint32_t keysize);

/* --- string.cpp; `s` may be nullptr, which reads as "" */
const char* hp_rt_make(hp_ctx*, const char* s, uint64_t n); /* a new string of n bytes */
uint64_t hp_rt_strlen(const char* s);
uint64_t hp_rt_char_at(hp_ctx*, const char* s, int64_t index);
int64_t hp_rt_strcmp(const char* a, const char* b);
void hp_rt_str_assign(char* dst, const char* s); /* dst: hp_strsize bytes */
const char* hp_rt_str_value(const char* stored); /* the variable's bytes as they are, or NULL */
const char* hp_rt_str_read(hp_ctx*, const char* shared); /* bounded copy of a shared variable */
const char* hp_rt_comm(hp_ctx*, const char* comm16);
const char* hp_rt_probe_str(hp_ctx*, uint32_t offset); /* member of the probe's hp_seg_probe */
const char* hp_rt_strjoin(hp_ctx*, const char* a, const char* b);
const char* hp_rt_substr(hp_ctx*, const char* s, int64_t index, int64_t length);
const char* hp_rt_strchr(hp_ctx*, const char* s, uint64_t c);
const char* hp_rt_strrchr(hp_ctx*, const char* s, uint64_t c);
const char* hp_rt_strstr(hp_ctx*, const char* s, const char* sub);
int64_t hp_rt_index(const char* s, const char* sub, int64_t start);
int64_t hp_rt_rindex(const char* s, const char* sub, int64_t start);
const char* hp_rt_strtok(hp_ctx*, const char* s, const char* delims);
const char* hp_rt_tolower(hp_ctx*, const char* s);
const char* hp_rt_toupper(hp_ctx*, const char* s);

/* --- number.cpp */
const char* hp_rt_lltostr(hp_ctx*, int64_t value, int64_t base);
int64_t hp_rt_strtoll(const char* s, int64_t base);
const char* hp_rt_inet_ntoa(hp_ctx*, uint64_t addr);
uint64_t hp_rt_memref(hp_ctx*, uint64_t addr, uint64_t size); /* D pointer to the two words */
uint64_t hp_rt_rand(hp_ctx*);
void hp_rt_chill(hp_ctx*, uint64_t ns);
uint64_t hp_rt_timestamp(hp_ctx*);
uint64_t hp_rt_vtimestamp(hp_ctx*);

/* --- network.cpp */
const char* hp_rt_inet_ntoa6(hp_ctx*, uint64_t addr);
const char* hp_rt_inet_ntop(hp_ctx*, int64_t family, uint64_t addr);
const char* hp_rt_link_ntop(hp_ctx*, int64_t type, uint64_t addr);

/* --- json.cpp */
const char* hp_rt_json(hp_ctx*, const char* text, const char* path);

/* --- primitive.cpp: primitives that clauses call as they are */
uint64_t hp_rt_walltime(void);
uint32_t hp_rt_epid(hp_ctx*);
int64_t hp_rt_identity(hp_ctx*, uint32_t what); /* HP_ID_* */
const char* hp_rt_text(hp_ctx*, uint32_t what); /* HP_TEXT_*, a new string */
uint64_t hp_rt_progenyof(hp_ctx*, int64_t pid); /* 0 or 1 */
uint64_t hp_rt_space(hp_ctx*);
uint64_t hp_rt_ureg(hp_ctx*, uint64_t n);
void hp_rt_raise(hp_ctx*, int sig);
void hp_rt_breakpoint(hp_ctx*);
void hp_rt_panic(hp_ctx*);

/* --- path.cpp */
const char* hp_rt_basename(hp_ctx*, const char* s);
const char* hp_rt_dirname(hp_ctx*, const char* s);
const char* hp_rt_cleanpath(hp_ctx*, const char* s);
}

/* Shared by the files of the runtime. */
RT_INLINE void rt_fail(hp_ctx* ctx, uint32_t fault, uint64_t addr) {
  ctx->fault = fault;
  ctx->fault_addr = addr;
}

/* Copies without asking the backend for memcpy; sizes are small. */
RT_INLINE void rt_copy(void* dst, const void* src, uint64_t size) {
  auto* d = static_cast<uint8_t*>(dst);
  auto* s = static_cast<const uint8_t*>(src);
  while (size >= 8) {
    uint64_t w;
    __builtin_memcpy(&w, s, 8);
    __builtin_memcpy(d, &w, 8);
    s += 8, d += 8, size -= 8;
  }
  while (size--) *d++ = *s++;
}

RT_INLINE void rt_zero_words(uint64_t* p, uint64_t words) {
  for (uint64_t i = 0; i < words; i++) p[i] = 0;
}

RT_INLINE void rt_drop(hp_ctx* ctx, uint32_t reason) {
  __atomic_fetch_add(&ctx->seg->drops[reason], 1, __ATOMIC_RELAXED);
}

RT_INLINE uint64_t rt_hash(const uint8_t* key, uint32_t keysize) {
  uint64_t h = 0x9e3779b97f4a7c15ull ^ keysize;
  for (uint32_t i = 0; i < keysize; i += 8) {
    uint64_t w;
    __builtin_memcpy(&w, key + i, 8);
    h = (h ^ w) * 0xff51afd7ed558ccdull;
    h ^= h >> 32;
  }
  return h;
}

/* The same for losses that are reported by CPU: principal and aggregation. */
RT_INLINE void rt_drop_on_cpu(hp_ctx* ctx, uint32_t reason) {
  uint8_t* slots = reinterpret_cast<uint8_t*>(ctx->seg) + ctx->seg->slots_off;
  auto* slot = reinterpret_cast<hp_slot*>(slots + ctx->firing->cpu % ctx->seg->nslots *
                                                      ctx->seg->slot_stride);
  __atomic_fetch_add(&slot->drops[reason == HP_DROP_AGGREGATION], 1, __ATOMIC_RELAXED);
  rt_drop(ctx, reason);
}

/* Fills in the header of a record that generated code has written. */
RT_INLINE void rt_finish_record(hp_ctx* ctx, uint8_t* rec, uint32_t size, uint16_t kind) {
  auto* r = reinterpret_cast<hp_rec*>(rec);
  r->size = size;
  r->kind = kind;
  r->cpu = static_cast<uint16_t>(ctx->firing->cpu);
  r->clause = ctx->clause;
  r->probe = ctx->probe;
  r->timestamp = hp_rt_timestamp(ctx);
  r->vmid = ctx->firing->vmid;
  r->indent = 0;
}

/* Both 8-byte aligned sizes. */
RT_INLINE bool rt_equal(const uint8_t* a, const uint8_t* b, uint32_t size) {
  for (uint32_t i = 0; i < size; i += 8) {
    uint64_t x, y;
    __builtin_memcpy(&x, a + i, 8);
    __builtin_memcpy(&y, b + i, 8);
    if (x != y) return false;
  }
  return true;
}

/* Length of s without NUL, at most hp_strsize - 1. */
RT_INLINE uint32_t rt_len(const char* s) {
  if (!s) return 0;
  uint32_t n = 0, max = hp_strsize - 1;
  while (n < max && s[n]) n++;
  return n;
}

/* Scratch for a string of n bytes and its NUL; nullptr and a fault when it is used up. */
RT_INLINE char* rt_new_string(hp_ctx* ctx, uint64_t n) {
  return static_cast<char*>(hp_rt_alloc(ctx, n + 1));
}

RT_INLINE bool rt_is_host(uint64_t addr) {
  uint64_t tag = addr & HP_RT_TAG_MASK;
  return tag == HP_RT_SCRATCH_TAG || tag == HP_RT_GLOBAL_TAG || tag == HP_RT_LOCAL_TAG;
}

/* Where a D pointer to memory of the program points, and how much is left of its area from there;
 * nullptr and 0 outside of it. */
RT_INLINE uint8_t* rt_area(hp_ctx* ctx, uint64_t addr, uint64_t* room) {
  uint64_t off = addr & ~HP_RT_TAG_MASK, tag = addr & HP_RT_TAG_MASK, size = ctx->scratch_used;
  uint8_t* base = ctx->scratch;
  if (tag == HP_RT_GLOBAL_TAG) {
    base = reinterpret_cast<uint8_t*>(ctx->seg) + ctx->seg->globals_off;
    size = hp_globals_size;
  } else if (tag == HP_RT_LOCAL_TAG) {
    base = ctx->locals;
    size = hp_locals_size;
  }
  *room = off < size ? size - off : 0;
  return off < size ? base + off : nullptr;
}

/* Host address of [addr, addr + size), or nullptr. */
RT_INLINE uint8_t* rt_host(hp_ctx* ctx, uint64_t addr, uint64_t size) {
  uint64_t room;
  if (!rt_is_host(addr)) return nullptr;
  uint8_t* p = rt_area(ctx, addr, &room);
  return size <= room ? p : nullptr;
}

#endif
