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

/* What all lines of one graph share. */
struct GraphScale {
  long double total = 0; /* of which a full bar stands for */
  bool positive = false, negative = false;
  int64_t normal = 1;

  /* zoom: option aggzoom, the largest count almost fills its bar. */
  GraphScale(std::span<const int64_t> shown, int64_t normal, bool zoom);
};

/* "|@@@        3", the end of a graph's line: to the right for positive counts, to the left for
 * negative ones (negative increments are possible), on both sides of a centre line when a graph has
 * both. */
void append_bar(std::string& out, const GraphScale&, int64_t value);

/* buckets: HP_QUANTIZE_BUCKETS counts; bucket HP_QUANTIZE_ZERO is 0, above it powers of two. */
void append_quantize(std::string& out, std::span<const int64_t> buckets, int64_t normal,
                     bool zoom = false);

/* param of hp_obj_agg: base, limit, step. buckets: underflow, levels..., overflow. */
void append_lquantize(std::string& out, std::span<const int64_t> buckets, const int64_t* param,
                      int64_t normal, bool zoom = false);

/* param: factor, low magnitude, high magnitude, steps. */
void append_llquantize(std::string& out, std::span<const int64_t> buckets, const int64_t* param,
                       int64_t normal, bool zoom = false);
/* Number of buckets of llquantize(), as transport/buckets.h lays them out; 0 if the parameters are
 * wrong. */
uint64_t llquantize_buckets(const int64_t* param);
/* What values in a bucket stand for, for sorting: about the lowest absolute value. */
long double llquantize_value(const int64_t* param, uint64_t bucket);

}  // namespace hp
