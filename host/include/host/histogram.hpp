/* Aggregations drawn as one picture: -x agghist and -x aggpack. Pure.
 *
 * agghist: the values of count(), sum() ... of one aggregation as bars, one key a line:
 *
 *                  key  ------------- Distribution ------------- count
 *                 bash |@@@@@@@@                                 3
 *
 * aggpack: each distribution of quantize() or lquantize() on one line, a character a bucket, between
 * the smallest and the largest bucket that any of the keys has:
 *
 *                  key min .----------. max    | count
 *                 bash   1 :  _xX     : 1024   | 7
 *
 * Characters are blocks of eighths (UTF-8), or ASCII where the terminal ($TERM) shows nothing else. */
#pragma once
#include <span>
#include <string>

#include "host/aggregation.hpp"

namespace hp {

struct HistogramOptions { /* D options of these names */
  bool agghist = false, aggpack = false, aggzoom = false;
};

/* Rows of the default layout: entries sorted, those of one aggregation next to each other. */
void append_aggregation_rows(std::string& out, const AggregationTable&,
                             std::span<const AggregationEntry* const>, const HistogramOptions&);

}  // namespace hp
