/* printf() and printa() of D: values and aggregations through a parsed format, to text. Pure. */
#pragma once
#include <span>
#include <string>

#include "host/value.hpp"
#include "transport/format.hpp"

namespace hp {

/* The value of one aggregation as a printa() conversion sees it. */
struct AggregationArgument {
  const hp_obj_agg* agg = nullptr;
  std::span<const uint64_t> words; /* as segment.h lays them out; agg->words of them */
  int64_t normal = 1;
  bool zoom = false; /* option aggzoom */
};

/* Appends the format with its arguments in order. aggregations: printa only; conversions with '@'
 * take them in turn and repeat the last. Arguments that are missing or of another kind than their
 * conversion (the compiler lets none through) print as nothing or by their own kind. */
void append_printf(std::string& out, const Format& format, std::span<const Value> arguments,
                   std::span<const AggregationArgument> aggregations = {});

/* The number a scalar aggregation stands for: count, sum, min, max, average, standard deviation. */
int64_t aggregation_number(const AggregationArgument& a);
/* A distribution, or " %16lld" as the default layouts have it. */
void append_aggregation(std::string& out, const AggregationArgument& a);

}  // namespace hp
