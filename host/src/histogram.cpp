#include "host/histogram.hpp"

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "host/graph.hpp"
#include "host/text.hpp"
#include "transport/buckets.h"

namespace hp {
namespace {

using Entries = std::span<const AggregationEntry* const>;

std::string key_text(const AggregationEntry& e) {
  std::string all;
  for (const Value& v : e.key) {
    std::string one;
    append_key(one, v);
    const size_t first = one.find_first_not_of(" \n");
    if (first == std::string::npos) continue;
    if (!all.empty()) all += ' ';
    all += one.substr(first, one.find_last_not_of(" \n") + 1 - first);
  }
  return all;
}

int key_width(Entries entries) {
  size_t width = 16;
  for (const AggregationEntry* e : entries) width = std::max(width, key_text(*e).size());
  return static_cast<int>(width);
}

void append_histogram(std::string& out, const AggregationTable& table, Entries entries, bool zoom) {
  std::vector<int64_t> values;
  int64_t normal = 1;
  for (const AggregationEntry* e : entries) {
    AggregationArgument a = table.argument(*e);
    normal = a.normal;
    const bool averaged = a.agg->func == HP_AGG_AVG || a.agg->func == HP_AGG_STDDEV;
    if (!averaged) a.normal = 1; /* the bar divides the count that it shows */
    values.push_back(aggregation_number(a));
    if (averaged) normal = 1;
  }
  const int width = key_width(entries);
  const GraphScale scale(values, normal, zoom);
  appendf(out, "\n%*s %41s %-9s\n", width, "key", "------------- Distribution -------------",
          "count");
  for (size_t i = 0; i < entries.size(); ++i) {
    appendf(out, "%*s ", width, key_text(*entries[i]).c_str());
    append_bar(out, scale, values[i]);
  }
}

bool utf8_terminal() {
  const char* term = std::getenv("TERM");
  const std::string_view t = term ? term : "";
  return t != "sun" && t != "sun-color" && t != "dumb";
}

void append_packed_bucket(std::string& out, int64_t n, long double total) {
  if (n == 0 || total == 0) {
    out += ' ';
    return;
  }
  const auto step = [&](size_t levels) {
    const long double part = static_cast<long double>(n) * static_cast<long double>(levels - 1);
    return static_cast<size_t>((part < 0 ? -part : part) / total + 0.5L);
  };
  if (n < 0) {
    constexpr std::string_view negative = "vvvvVV";
    out += negative[std::min(step(negative.size()), negative.size() - 1)];
  } else if (utf8_terminal()) {
    const size_t eighth = std::min<size_t>(step(8), 7); /* U+2581 to U+2588 */
    out += "\xe2\x96";
    out += static_cast<char>(0x81 + eighth);
  } else {
    constexpr std::string_view ascii = "__xxxxXX";
    out += ascii[std::min(step(ascii.size()), ascii.size() - 1)];
  }
}

std::string bucket_label(const hp_obj_agg& agg, int i, int buckets) {
  if (agg.func == HP_AGG_QUANTIZE)
    return std::to_string(hp_quantize_label(static_cast<uint32_t>(i)));
  const int64_t base = agg.param[0], step = agg.param[2];
  if (i == 0) return "< " + std::to_string(base);
  if (i == buckets - 1) return ">= " + std::to_string(base + (buckets - 2) * step);
  return std::to_string(base + (i - 1) * step);
}

void append_packed(std::string& out, const AggregationTable& table, Entries entries, bool zoom) {
  const hp_obj_agg& agg = *table.argument(*entries[0]).agg;
  const int n = static_cast<int>(agg.words);
  int first = n, last = -1;
  for (const AggregationEntry* e : entries)
    for (int i = 0; i < n; ++i)
      if (e->words[static_cast<size_t>(i)] != 0) {
        first = std::min(first, i);
        last = std::max(last, i);
      }
  if (last < 0) {
    first = agg.func == HP_AGG_QUANTIZE ? static_cast<int>(HP_QUANTIZE_ZERO) : 1;
    last = first;
  }
  first = std::max(first - 1, 0);
  last = std::min(last + 1, n - 1);
  const std::string low = bucket_label(agg, first, n), high = bucket_label(agg, last, n);
  const int low_width = static_cast<int>(std::max<size_t>(low.size(), 3)),
            high_width = static_cast<int>(std::max<size_t>(high.size(), 3));
  const bool keyed = !entries[0]->key.empty();
  const int width = keyed ? key_width(entries) : 0;
  appendf(out, "\n%*s %*s .%s. %-*s | count\n", width, keyed ? "key" : "", low_width, "min",
          std::string(static_cast<size_t>(last - first + 1), '-').c_str(), high_width, "max");
  for (const AggregationEntry* e : entries) {
    const AggregationArgument a = table.argument(*e);
    std::vector<int64_t> counts(e->words.begin(), e->words.end());
    const GraphScale scale(counts, a.normal, zoom);
    int64_t sum = 0;
    for (const int64_t c : counts) sum += c;
    appendf(out, "%*s %*s :", width, keyed ? key_text(*e).c_str() : "", low_width, low.c_str());
    for (int i = first; i <= last; ++i)
      append_packed_bucket(out, counts[static_cast<size_t>(i)], scale.total);
    appendf(out, ": %-*s | %lld\n", high_width, high.c_str(),
            static_cast<long long>(normalized(sum, a.normal)));
  }
}

void append_group(std::string& out, const AggregationTable& table, Entries entries,
                  const HistogramOptions& options) {
  const uint32_t func = table.argument(*entries[0]).agg->func;
  const bool distribution =
      func == HP_AGG_QUANTIZE || func == HP_AGG_LQUANTIZE || func == HP_AGG_LLQUANTIZE;
  if (options.agghist && !distribution && !entries[0]->key.empty())
    return append_histogram(out, table, entries, options.aggzoom);
  if (options.aggpack && (func == HP_AGG_QUANTIZE || func == HP_AGG_LQUANTIZE))
    return append_packed(out, table, entries, options.aggzoom);
  for (const AggregationEntry* e : entries) {
    AggregationArgument a = table.argument(*e);
    a.zoom = options.aggzoom;
    append_aggregation_row(out, e->key, {&a, 1});
  }
}

}  // namespace

void append_aggregation_rows(std::string& out, const AggregationTable& table, Entries entries,
                             const HistogramOptions& options) {
  for (size_t first = 0; first < entries.size();) {
    size_t end = first + 1;
    while (end < entries.size() && entries[end]->agg == entries[first]->agg) ++end;
    append_group(out, table, entries.subspan(first, end - first), options);
    first = end;
  }
}

}  // namespace hp
