/* Dynamic variables: associative arrays (global and self->) and self-> scalars.
 *
 * One hash table in the segment, used at once by every process that fires probes. A zero-filled
 * region is a valid empty table, so nobody has to initialise it:
 *
 *     stripes[64]   lock, free list, entries in use        (64 bytes each)
 *     fresh         chunks never used yet are numbered from here; state of the collection
 *     heads[B]      chains: chunk number + 1, 0 = empty    (B a power of two)
 *     chunks[N]     next, hash, key size, value size, key, value
 *
 * A bucket belongs to the stripe of its low bits and is read and changed only under that stripe's
 * lock, which holds the owner's host tid. A holder that died is found by hp_owner_dead and its lock
 * taken over; every change is one store to a complete chunk, so a table left by a dead holder is
 * whole (at worst one chunk is lost). Freed chunks stay with the stripe that freed them; a stripe
 * without any borrows from the others with a trylock, so no two locks are ever waited for.
 *
 * What a thread left in its self-> variables when it ended is collected when the table is full: their
 * chunks name the thread that made them. (A thread that comes later never sees them, whatever its
 * tid: keys hold the thread's number, which is not given twice.) */
#include "runtime.hpp"

namespace {

constexpr uint32_t kStripes = 64;

struct Stripe {
  uint32_t lock; /* host tid of the holder */
  uint32_t free; /* chunk number + 1 */
  uint32_t pad[14];
};

/* How long after a collection in vain the next is tried, and how far one goes. */
constexpr uint64_t kCollectPause = 20000000; /* ns */
constexpr uint32_t kCollectBuckets = 4096;

struct Fresh {
  uint32_t next;
  uint32_t cursor;  /* stripe where the next collection goes on */
  uint64_t resting; /* no collection before this time */
  uint32_t pad[12];
};

struct Chunk {
  uint32_t next;
  uint32_t hash;
  uint32_t keysize;
  uint32_t
      owner; /* tid of the thread whose self-> variable it is; 0: nobody's, or not to be judged */
  /* key[hp_dyn_key_size], value[hp_dyn_val_size] */
};

struct Table {
  Stripe* stripes;
  Fresh* fresh;
  uint32_t* heads;
  uint8_t* chunks;
  uint32_t mask;   /* buckets - 1 */
  uint32_t nchunk; /* 0: the region is too small */
};

RT_INLINE uint64_t chunk_size() {
  return sizeof(Chunk) + hp_dyn_key_size + hp_dyn_val_size;
}

RT_INLINE Table table_of(const hp_ctx* ctx) {
  uint8_t* base = reinterpret_cast<uint8_t*>(ctx->seg) + ctx->seg->dynvars_off;
  uint64_t size = ctx->seg->dynvars_size;
  constexpr uint64_t head = kStripes * sizeof(Stripe) + 64;
  uint64_t want = size < head ? 0 : (size - head) / (chunk_size() + 8);
  if (want > 1u << 30) want = 1u << 30;
  uint32_t buckets = kStripes;
  if (want > kStripes) buckets = 1u << (31 - __builtin_clz(static_cast<uint32_t>(want)));
  uint64_t start = head + 4ull * buckets;
  start = (start + 63) & ~63ull;
  uint64_t n = size < start ? 0 : (size - start) / chunk_size();
  if (n > 1u << 30) n = 1u << 30;
  return {reinterpret_cast<Stripe*>(base),
          reinterpret_cast<Fresh*>(base + kStripes * sizeof(Stripe)),
          reinterpret_cast<uint32_t*>(base + head),
          base + start,
          buckets - 1,
          static_cast<uint32_t>(n)};
}

RT_INLINE Chunk* chunk_at(const Table& t, uint32_t number) {
  return reinterpret_cast<Chunk*>(t.chunks + (number - 1ull) * chunk_size());
}
RT_INLINE uint8_t* key_of(Chunk* c) {
  return reinterpret_cast<uint8_t*>(c + 1);
}
RT_INLINE uint8_t* value_of(Chunk* c) {
  return key_of(c) + hp_dyn_key_size;
}

RT_INLINE uint32_t me(const hp_ctx* ctx) {
  auto tid = static_cast<uint32_t>(ctx->firing->host_tid);
  return tid ? tid : 1;
}

__attribute__((noinline)) void lock_slowly(Stripe* s, uint32_t self) {
  for (uint32_t spin = 0;; spin++) {
    uint32_t owner = __atomic_load_n(&s->lock, __ATOMIC_RELAXED);
    if (owner && spin >= 64) {
      spin = 0;
      if (!hp_owner_dead(owner)) continue;
    } else if (owner) {
      __builtin_ia32_pause();
      continue;
    }
    if (__atomic_compare_exchange_n(&s->lock, &owner, self, false, __ATOMIC_ACQUIRE,
                                    __ATOMIC_RELAXED))
      return;
  }
}

RT_INLINE bool try_lock(Stripe* s, uint32_t self) {
  uint32_t none = 0;
  return __atomic_compare_exchange_n(&s->lock, &none, self, false, __ATOMIC_ACQUIRE,
                                     __ATOMIC_RELAXED);
}
RT_INLINE void lock(Stripe* s, uint32_t self) {
  if (RT_UNLIKELY(!try_lock(s, self))) lock_slowly(s, self);
}
RT_INLINE void unlock(Stripe* s) {
  __atomic_store_n(&s->lock, 0u, __ATOMIC_RELEASE);
}

RT_INLINE uint32_t hash32(const uint8_t* key, uint32_t keysize) {
  return static_cast<uint32_t>(rt_hash(key, keysize));
}

/* The link that points to the entry (so that it can be removed), or to the end of the chain.
 * A chain longer than the table means damage by a foreign writer: treated as not found. */
RT_INLINE uint32_t* find(const Table& t, uint32_t hash, const uint8_t* key, uint32_t keysize) {
  uint32_t* link = &t.heads[hash & t.mask];
  for (uint32_t steps = 0; *link && *link <= t.nchunk && steps < t.nchunk; steps++) {
    Chunk* c = chunk_at(t, *link);
    if (c->hash == hash && c->keysize == keysize && rt_equal(key_of(c), key, keysize)) return link;
    link = &c->next;
  }
  return link;
}

RT_INLINE uint32_t pop_free(const Table& t, Stripe* s) {
  uint32_t n = s->free;
  if (n == 0 || n > t.nchunk) return 0;
  s->free = chunk_at(t, n)->next;
  return n;
}

/* First word of a key: the variable, and HP_RT_SELF_KEY for self-> ones, whose second word holds guest
 * and thread. */
RT_INLINE uint64_t key_word(const uint8_t* key, uint32_t word) {
  uint64_t w;
  __builtin_memcpy(&w, key + 8 * word, 8);
  return w;
}

/* Frees the chunks of threads of this guest that exist no more, in the buckets of one stripe, which
 * is locked. Returns how many. */
uint32_t collect_stripe(const Table& t, uint32_t stripe, uint64_t guest) {
  uint32_t freed = 0, known = 0;
  bool known_gone = false;
  Stripe* s = &t.stripes[stripe];
  for (uint32_t b = stripe; b <= t.mask; b += kStripes) {
    uint32_t* link = &t.heads[b];
    for (uint32_t steps = 0; *link && *link <= t.nchunk && steps < t.nchunk; steps++) {
      uint32_t n = *link;
      Chunk* c = chunk_at(t, n);
      uint32_t owner = c->owner;
      if (owner && key_word(key_of(c), 1) >> 48 == guest && owner != known) {
        known = owner;
        known_gone = hp_thread_gone(owner);
      }
      if (owner && owner == known && known_gone && key_word(key_of(c), 1) >> 48 == guest) {
        __atomic_store_n(link, c->next, __ATOMIC_RELEASE);
        c->next = s->free;
        __atomic_store_n(&s->free, n, __ATOMIC_RELEASE);
        freed++;
      } else {
        link = &c->next;
      }
    }
  }
  return freed;
}

/* Looks for the variables of ended threads, stripe by stripe, from where the last collection stopped. The
 * caller holds the lock of one stripe. True if anything was freed. */
__attribute__((noinline)) bool collect(hp_ctx* ctx, const Table& t, uint32_t held, uint32_t self) {
  uint64_t now = hp_now();
  if (now < __atomic_load_n(&t.fresh->resting, __ATOMIC_RELAXED)) return false;
  uint32_t each = t.mask / kStripes + 1, freed = 0;
  for (uint32_t seen = 0, i = 0; seen < kCollectBuckets && i < kStripes; i++, seen += each) {
    uint32_t stripe = __atomic_fetch_add(&t.fresh->cursor, 1, __ATOMIC_RELAXED) & (kStripes - 1);
    if (stripe != held && !try_lock(&t.stripes[stripe], self)) continue;
    freed += collect_stripe(t, stripe, ctx->firing->vmid);
    if (stripe != held) unlock(&t.stripes[stripe]);
  }
  if (!freed) __atomic_store_n(&t.fresh->resting, now + kCollectPause, __ATOMIC_RELAXED);
  return freed != 0;
}

/* A chunk for the stripe whose lock is held; 0 when all are in use. */
__attribute__((noinline)) uint32_t find_chunk(const Table& t, uint32_t stripe, uint32_t self) {
  if (uint32_t n = pop_free(t, &t.stripes[stripe])) return n;
  if (__atomic_load_n(&t.fresh->next, __ATOMIC_RELAXED) < t.nchunk) {
    uint32_t n = __atomic_fetch_add(&t.fresh->next, 1, __ATOMIC_RELAXED);
    if (n < t.nchunk) return n + 1;
  }
  for (uint32_t i = 1; i < kStripes; i++) {
    Stripe* other = &t.stripes[(stripe + i) & (kStripes - 1)];
    if (!other->free || !try_lock(other, self)) continue;
    uint32_t n = pop_free(t, other);
    unlock(other);
    if (n) return n;
  }
  return 0;
}

RT_INLINE uint32_t allocate(hp_ctx* ctx, const Table& t, uint32_t stripe) {
  uint32_t n = find_chunk(t, stripe, me(ctx));
  if (RT_UNLIKELY(!n) && collect(ctx, t, stripe, me(ctx))) n = find_chunk(t, stripe, me(ctx));
  return n;
}

/* Whom a new chunk belongs to. A thread whose tid others do not know (segment.h: the top bit of host_tid)
 * cannot be judged by them, nor can one of a guest's own kernel: what it leaves behind stays. */
RT_INLINE uint32_t owner_of(const hp_ctx* ctx, const uint8_t* key) {
  if (!(key_word(key, 0) & HP_RT_SELF_KEY) || ctx->firing->host_tid >> 31 & 1 ||
      ctx->firing->flags & HP_FIRING_GUEST_KERNEL)
    return 0;
  return static_cast<uint32_t>(ctx->firing->tid);
}

/* The entry, created with a zero value when new; nullptr when full. Stripe locked by the caller. */
RT_INLINE Chunk* obtain(hp_ctx* ctx, const Table& t, uint32_t hash, const uint8_t* key,
                        uint32_t keysize) {
  uint32_t* link = find(t, hash, key, keysize);
  if (*link) return *link <= t.nchunk ? chunk_at(t, *link) : nullptr;
  uint32_t n = allocate(ctx, t, hash & (kStripes - 1));
  if (!n) {
    rt_drop(ctx, HP_DROP_DYNAMIC);
    return nullptr;
  }
  Chunk* c = chunk_at(t, n);
  c->hash = hash;
  c->keysize = keysize;
  c->owner = owner_of(ctx, key);
  rt_copy(key_of(c), key, keysize);
  rt_zero_words(reinterpret_cast<uint64_t*>(value_of(c)), hp_dyn_val_size / 8);
  uint32_t* head = &t.heads[hash & t.mask];
  c->next = *head;
  __atomic_store_n(head, n, __ATOMIC_RELEASE);
  return c;
}

}  // namespace

extern "C" {

uint64_t hp_rt_dyn_get(hp_ctx* ctx, const uint8_t* key, uint32_t keysize) {
  Table t = table_of(ctx);
  if (!t.nchunk) return 0;
  uint32_t hash = hash32(key, keysize);
  Stripe* s = &t.stripes[hash & (kStripes - 1)];
  uint64_t value = 0;
  lock(s, me(ctx));
  uint32_t* link = find(t, hash, key, keysize);
  if (*link && *link <= t.nchunk) __builtin_memcpy(&value, value_of(chunk_at(t, *link)), 8);
  unlock(s);
  return value;
}

void hp_rt_dyn_set(hp_ctx* ctx, const uint8_t* key, uint32_t keysize, uint64_t value) {
  if (value == 0) return hp_rt_dyn_free(ctx, key, keysize);
  Table t = table_of(ctx);
  if (!t.nchunk) return rt_drop(ctx, HP_DROP_DYNAMIC);
  uint32_t hash = hash32(key, keysize);
  Stripe* s = &t.stripes[hash & (kStripes - 1)];
  lock(s, me(ctx));
  if (Chunk* c = obtain(ctx, t, hash, key, keysize)) __builtin_memcpy(value_of(c), &value, 8);
  unlock(s);
}

const char* hp_rt_dyn_get_str(hp_ctx* ctx, const uint8_t* key, uint32_t keysize) {
  Table t = table_of(ctx);
  if (!t.nchunk) return nullptr;
  uint32_t mark = ctx->scratch_used;
  char* out = rt_new_string(ctx, hp_strsize - 1);
  if (!out) return nullptr;
  uint32_t hash = hash32(key, keysize);
  Stripe* s = &t.stripes[hash & (kStripes - 1)];
  bool found = false;
  lock(s, me(ctx));
  uint32_t* link = find(t, hash, key, keysize);
  uint32_t n = 0;
  if (*link && *link <= t.nchunk) {
    auto* from = reinterpret_cast<const char*>(value_of(chunk_at(t, *link)));
    for (; n < hp_strsize - 1 && from[n]; n++) out[n] = from[n];
    out[n] = 0;
    found = true;
  }
  unlock(s);
  ctx->scratch_used = mark + (found ? (n + 8) & ~7u : 0);
  return found ? out : nullptr;
}

void hp_rt_dyn_set_str(hp_ctx* ctx, const uint8_t* key, uint32_t keysize, const char* value) {
  if (!value) return hp_rt_dyn_free(ctx, key, keysize);
  Table t = table_of(ctx);
  if (!t.nchunk) return rt_drop(ctx, HP_DROP_DYNAMIC);
  uint32_t hash = hash32(key, keysize);
  Stripe* s = &t.stripes[hash & (kStripes - 1)];
  lock(s, me(ctx));
  if (Chunk* c = obtain(ctx, t, hash, key, keysize))
    hp_rt_str_assign(reinterpret_cast<char*>(value_of(c)), value);
  unlock(s);
}

uint8_t* hp_rt_dyn_get_bytes(hp_ctx* ctx, const uint8_t* key, uint32_t keysize, uint32_t size) {
  auto* out = static_cast<uint8_t*>(hp_rt_alloc(ctx, size));
  if (!out) return nullptr;
  rt_zero_words(reinterpret_cast<uint64_t*>(out), (size + 7) / 8);
  Table t = table_of(ctx);
  if (!t.nchunk || size > hp_dyn_val_size) return out;
  uint32_t hash = hash32(key, keysize);
  Stripe* s = &t.stripes[hash & (kStripes - 1)];
  lock(s, me(ctx));
  uint32_t* link = find(t, hash, key, keysize);
  if (*link && *link <= t.nchunk) rt_copy(out, value_of(chunk_at(t, *link)), size);
  unlock(s);
  return out;
}

void hp_rt_dyn_set_bytes(hp_ctx* ctx, const uint8_t* key, uint32_t keysize, const uint8_t* value,
                         uint32_t size) {
  Table t = table_of(ctx);
  if (!t.nchunk || size > hp_dyn_val_size) return rt_drop(ctx, HP_DROP_DYNAMIC);
  uint32_t hash = hash32(key, keysize);
  Stripe* s = &t.stripes[hash & (kStripes - 1)];
  lock(s, me(ctx));
  if (Chunk* c = obtain(ctx, t, hash, key, keysize)) rt_copy(value_of(c), value, size);
  unlock(s);
}

void hp_rt_dyn_free(hp_ctx* ctx, const uint8_t* key, uint32_t keysize) {
  Table t = table_of(ctx);
  if (!t.nchunk) return;
  uint32_t hash = hash32(key, keysize);
  Stripe* s = &t.stripes[hash & (kStripes - 1)];
  lock(s, me(ctx));
  uint32_t* link = find(t, hash, key, keysize);
  uint32_t n = *link;
  if (n && n <= t.nchunk) {
    Chunk* c = chunk_at(t, n);
    __atomic_store_n(link, c->next, __ATOMIC_RELEASE);
    c->next = s->free;
    __atomic_store_n(&s->free, n, __ATOMIC_RELEASE);
  }
  unlock(s);
}
}
