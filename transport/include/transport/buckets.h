/* Which bucket a value falls in: quantize, lquantize and llquantize as the dynamic tracing guide
 * describes them. Shared by the code that counts (runtime of compiled clauses), the checker (sizes)
 * and the consumer (labels). Freestanding C11 and C++20; pure functions.
 *
 *   quantize    word i counts values of [lower(i), lower(i+1)); i = HP_QUANTIZE_ZERO is 0, above it
 *               1, 2, 4 ..., below it -1, -2, -4 ... (lower bounds of magnitude)
 *   lquantize   word 0: < base; word 1+k: [base + k*step, base + (k+1)*step); last: >= limit
 *   llquantize  the middle word counts what is smaller than factor^low, either sign; outwards from it,
 *               for each order of magnitude from low to high, its `steps` linear buckets (those not
 *               covered by the order below), positive upwards and negative downwards; the last word
 *               counts >= factor^(high+1), word 0 <= -factor^(high+1) */
#ifndef TRANSPORT_BUCKETS_H
#define TRANSPORT_BUCKETS_H
#include "transport/segment.h"

static inline uint32_t hp_quantize_bucket(int64_t value) {
  if (value == 0) return HP_QUANTIZE_ZERO;
  if (value > 0) return HP_QUANTIZE_ZERO + 1 + (63 - (uint32_t)__builtin_clzll((uint64_t)value));
  uint64_t magnitude = 0 - (uint64_t)value;
  uint32_t log2 = 63 - (uint32_t)__builtin_clzll(magnitude);
  return log2 >= HP_QUANTIZE_ZERO ? 0 : HP_QUANTIZE_ZERO - 1 - log2;
}
/* The value that labels a bucket: the smallest of a positive one, the largest of a negative one. */
static inline int64_t hp_quantize_label(uint32_t bucket) {
  if (bucket == HP_QUANTIZE_ZERO) return 0;
  if (bucket > HP_QUANTIZE_ZERO) return (int64_t)(1ull << (bucket - HP_QUANTIZE_ZERO - 1));
  return -(int64_t)(1ull << (HP_QUANTIZE_ZERO - 1 - bucket));
}

/* Number of linear buckets without underflow and overflow. limit > base, step > 0. */
static inline uint64_t hp_lquantize_levels(int64_t base, int64_t limit, int64_t step) {
  return ((uint64_t)limit - (uint64_t)base) / (uint64_t)step;
}
static inline uint64_t hp_lquantize_bucket(int64_t value, int64_t base, int64_t limit,
                                           int64_t step) {
  uint64_t levels = hp_lquantize_levels(base, limit, step);
  if (value < base) return 0;
  uint64_t level = ((uint64_t)value - (uint64_t)base) / (uint64_t)step;
  return level < levels ? level + 1 : levels + 1;
}

/* factor >= 2, 0 <= low <= high, steps > 0: a multiple of factor or dividing it. Arithmetic is exact;
 * what would pass 2^64 counts as overflow. */
static inline uint64_t hp_llquantize_range(int64_t factor, int64_t steps) {
  return (uint64_t)(steps - steps / factor); /* buckets of one order of magnitude and one sign */
}
/* Words of an llquantize value: both overflows, both signs' buckets, the middle. */
static inline uint64_t hp_llquantize_words(int64_t factor, int64_t low, int64_t high,
                                           int64_t steps) {
  return (uint64_t)(high - low + 1) * hp_llquantize_range(factor, steps) * 2 + 3;
}
static inline uint64_t hp_llquantize_bucket(int64_t value, int64_t factor, int64_t low,
                                            int64_t high, int64_t steps) {
  const uint64_t range = hp_llquantize_range(factor, steps);
  const uint64_t middle = (uint64_t)(high - low + 1) * range + 1;
  const uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
  uint64_t upper = 1, distance = 1;
  for (int64_t i = 0; i < low; i++)
    if (__builtin_mul_overflow(upper, (uint64_t)factor, &upper)) return middle;
  if (magnitude < upper) return middle;
  for (int64_t order = low; order <= high; order++) {
    const int last = __builtin_mul_overflow(upper, (uint64_t)factor, &upper);
    if (last) upper = ~0ull;
    if (magnitude < upper || last) {
      /* The order's range [0, upper) has `steps` linear buckets; those below factor^order belong to
       * smaller orders. */
      const uint64_t step = upper >= (uint64_t)steps ? magnitude / (upper / (uint64_t)steps)
                                                     : magnitude * (uint64_t)steps / upper;
      const uint64_t within = step - (uint64_t)(steps / factor);
      distance += within < range ? within : range - 1;
      return value < 0 ? middle - distance : middle + distance;
    }
    distance += range;
  }
  return value < 0 ? middle - distance : middle + distance;
}
#endif
