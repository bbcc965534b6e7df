/* Aggregations: a chained hash table in the active half of the slot that this firing holds, so no
 * lock and no atomic read-modify-write is needed. Entries are complete before they are linked. */
#include "runtime.hpp"

static uint8_t* half_of(hp_ctx* ctx, uint32_t half) {
  const hp_seg_header* seg = ctx->seg;
  return reinterpret_cast<uint8_t*>(ctx->slot) + sizeof(hp_slot) + 2 * seg->principal_size +
         half * seg->agg_size;
}

/* A new entry at the head of its chain. */
static __attribute__((noinline)) uint64_t* add(hp_ctx* ctx, uint8_t* base, uint32_t* head,
                                               uint32_t hash, uint32_t agg, const uint8_t* key,
                                               uint32_t keysize, uint32_t words, uint64_t initial) {
  hp_aggbuf* buf = &ctx->slot->agg[ctx->slot->active & 1];
  uint64_t start = HP_AGG_BUCKETS * sizeof(uint32_t) + buf->used;
  uint64_t size = sizeof(hp_agg_entry) + keysize + 8ull * words;
  if (start > ctx->seg->agg_size || size > ctx->seg->agg_size - start) {
    rt_drop_on_cpu(ctx, HP_DROP_AGGREGATION);
    return nullptr;
  }
  auto* e = reinterpret_cast<hp_agg_entry*>(base + start);
  e->hash = hash;
  e->agg = agg;
  e->keysize = keysize;
  e->next = *head;
  auto* k = reinterpret_cast<uint8_t*>(e + 1);
  rt_copy(k, key, keysize);
  auto* v = reinterpret_cast<uint64_t*>(k + keysize);
  v[0] = initial;
  rt_zero_words(v + 1, words - 1);
  buf->entries++;
  __atomic_store_n(&buf->used, buf->used + size, __ATOMIC_RELEASE);
  __atomic_store_n(head, static_cast<uint32_t>(start / 8), __ATOMIC_RELEASE);
  return v;
}

static void add128(uint64_t* lo, uint64_t high, uint64_t low) {
  uint64_t before = lo[0];
  lo[0] += low;
  lo[1] += high + (lo[0] < before);
}

extern "C" {

/* The value words of (agg, key), created when new; nullptr when there is no room (counted). */
uint64_t* hp_rt_agg(hp_ctx* ctx, uint32_t agg, const uint8_t* key, uint32_t keysize, uint32_t words,
                    uint64_t initial) {
  uint8_t* base = half_of(ctx, ctx->slot->active & 1);
  uint64_t full = rt_hash(key, keysize) + agg * 0x9e3779b97f4a7c15ull;
  auto hash = static_cast<uint32_t>(full);
  uint32_t* head = reinterpret_cast<uint32_t*>(base) + (hash & (HP_AGG_BUCKETS - 1));
  for (uint32_t at = *head; at;) {
    auto* e = reinterpret_cast<hp_agg_entry*>(base + 8ull * at);
    auto* k = reinterpret_cast<uint8_t*>(e + 1);
    if (e->hash == hash && e->agg == agg && e->keysize == keysize && rt_equal(k, key, keysize))
      return reinterpret_cast<uint64_t*>(k + keysize);
    at = e->next;
  }
  return add(ctx, base, head, hash, agg, key, keysize, words, initial);
}

void hp_rt_agg_count(uint64_t* v, uint64_t) {
  v[0]++;
}
void hp_rt_agg_sum(uint64_t* v, uint64_t n) {
  v[0] += n;
}
void hp_rt_agg_min(uint64_t* v, uint64_t n) {
  if (static_cast<int64_t>(n) < static_cast<int64_t>(v[0])) v[0] = n;
}
void hp_rt_agg_max(uint64_t* v, uint64_t n) {
  if (static_cast<int64_t>(n) > static_cast<int64_t>(v[0])) v[0] = n;
}
void hp_rt_agg_avg(uint64_t* v, uint64_t n) {
  v[0]++;
  v[1] += n;
}
void hp_rt_agg_stddev(uint64_t* v, uint64_t n) {
  uint64_t m = static_cast<int64_t>(n) < 0 ? 0 - n : n;
  unsigned __int128 sq = static_cast<unsigned __int128>(m) * m;
  v[0]++;
  v[1] += n;
  add128(v + 2, static_cast<uint64_t>(sq >> 64), static_cast<uint64_t>(sq));
}
void hp_rt_agg_quantize(uint64_t* v, uint64_t n, uint64_t increment) {
  v[hp_quantize_bucket(static_cast<int64_t>(n))] += increment;
}
void hp_rt_agg_lquantize(uint64_t* v, uint64_t n, uint64_t increment, int64_t base, int64_t limit,
                         int64_t step) {
  v[hp_lquantize_bucket(static_cast<int64_t>(n), base, limit, step)] += increment;
}
void hp_rt_agg_llquantize(uint64_t* v, uint64_t n, uint64_t increment, int64_t factor, int64_t low,
                          int64_t high, int64_t steps) {
  v[hp_llquantize_bucket(static_cast<int64_t>(n), factor, low, high, steps)] += increment;
}
}
