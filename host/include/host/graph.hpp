/* The distribution graphs of quantize(), lquantize() and llquantize(), to dtrace(1)'s column. Pure.
 *
 * Bucket layouts are those of transport/buckets.h. normal divides the counts (normalize()). A graph
 * starts with a newline and every line ends with one. */
#pragma once
#include <cstdint>
#include <span>
#include <string>

#include "transport/object.h"

namespace hp {

/* value / normal as normalize() divides: in two's complement, where -2^63 / -1 is itself. */
inline int64_t normalized(int64_t value, int64_t normal) {
  if (normal == -1) return static_cast<int64_t>(0 - static_cast<uint64_t>(value));
  return normal == 0 ? value : value / normal;
}

/* buckets: HP_QUANTIZE_BUCKETS counts; bucket HP_QUANTIZE_ZERO is 0, above it powers of two. */
void append_quantize(std::string& out, std::span<const int64_t> buckets, int64_t normal);

/* param of hp_obj_agg: base, limit, step. buckets: underflow, levels..., overflow. */
void append_lquantize(std::string& out, std::span<const int64_t> buckets, const int64_t* param,
                      int64_t normal);

/* param: factor, low magnitude, high magnitude, steps. */
void append_llquantize(std::string& out, std::span<const int64_t> buckets, const int64_t* param,
                       int64_t normal);
/* Number of buckets of llquantize(), as transport/buckets.h lays them out; 0 if the parameters are
 * wrong. */
uint64_t llquantize_buckets(const int64_t* param);
/* What values in a bucket stand for, for sorting: about the lowest absolute value. */
long double llquantize_value(const int64_t* param, uint64_t bucket);

}  // namespace hp
