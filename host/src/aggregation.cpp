#include "host/aggregation.hpp"

#include <algorithm>
#include <cstring>

#include "host/graph.hpp"
#include "host/text.hpp"
#include "transport/buckets.h"

namespace hp {
namespace {

using i128 = __int128;

/* Bytes that are equal exactly when aggregation and key are. */
std::string identity(uint32_t agg, const std::vector<Value>& key) {
  std::string id(reinterpret_cast<const char*>(&agg), sizeof agg);
  for (const Value& v : key) {
    if (v.is_int()) {
      id.append(reinterpret_cast<const char*>(&v.number), sizeof v.number);
    } else {
      const uint64_t n = v.text.size();
      id.append(reinterpret_cast<const char*>(&n), sizeof n);
      id += v.text;
      if (v.val == HP_VAL_USYM) id.append(reinterpret_cast<const char*>(&v.whose), sizeof v.whose);
    }
  }
  return id;
}

void merge_words(uint32_t func, std::vector<uint64_t>& into, std::span<const uint64_t> from) {
  switch (func) {
    case HP_AGG_MIN:
      if (static_cast<int64_t>(from[0]) < static_cast<int64_t>(into[0])) into[0] = from[0];
      break;
    case HP_AGG_MAX:
      if (static_cast<int64_t>(from[0]) > static_cast<int64_t>(into[0])) into[0] = from[0];
      break;
    case HP_AGG_STDDEV: { /* the squares are 128 bits wide */
      into[0] += from[0];
      into[1] += from[1];
      const uint64_t low = into[2] + from[2];
      into[3] += from[3] + (low < into[2]);
      into[2] = low;
      break;
    }
    default:
      for (size_t i = 0; i < into.size(); ++i) into[i] += from[i];
  }
}

template <class T>
int order(T a, T b) {
  return a < b ? -1 : a > b;
}

}  // namespace

AggregationTable::AggregationTable(std::vector<AggregationDesc> descs) : descs_(std::move(descs)) {
  normals_.assign(descs_.size(), 1);
  for (const AggregationDesc& d : descs_) {
    zeros_.emplace_back(d.agg.words, 0);
    std::vector<long double> weights;
    if (d.agg.func == HP_AGG_LLQUANTIZE)
      for (uint64_t i = 0; i < d.agg.words; ++i)
        weights.push_back(llquantize_value(d.agg.param, i));
    weights_.push_back(std::move(weights));
  }
}

Result<> AggregationTable::merge(uint32_t agg, std::span<const std::byte> key,
                                 std::span<const uint64_t> words, const Names& names) {
  if (agg >= descs_.size()) return fail("an aggregation entry names no aggregation");
  const AggregationDesc& d = descs_[agg];
  if (words.size() != d.agg.words || words.empty())
    return fail("an aggregation entry has the wrong size");
  AggregationEntry e;
  e.agg = agg;
  e.key.reserve(d.keys.size());
  HP_TRY(decode_values(key, d.keys, names, e.key));
  auto [it, added] = entries_.try_emplace(identity(agg, e.key));
  AggregationEntry& into = it->second;
  if (added) {
    into = std::move(e);
    into.words.assign(words.begin(), words.end());
  } else if (into.cleared) {
    into.words.assign(words.begin(), words.end());
    into.cleared = false;
  } else {
    merge_words(d.agg.func, into.words, words);
  }
  return {};
}

void AggregationTable::clear(uint32_t agg) {
  for (auto& [id, e] : entries_) {
    if (e.agg != agg) continue;
    std::fill(e.words.begin(), e.words.end(), 0);
    e.cleared = true;
  }
}

void AggregationTable::trunc(uint32_t agg, int64_t count) {
  const std::vector<const AggregationEntry*> entries = sorted({&agg, 1}, SortOptions{});
  const uint64_t keep = std::min<uint64_t>(
      count < 0 ? 0 - static_cast<uint64_t>(count) : static_cast<uint64_t>(count), entries.size());
  std::vector<std::string> gone;
  for (size_t i = 0; i < entries.size(); ++i) {
    const bool kept = count < 0 ? i < keep : i >= entries.size() - keep;
    if (!kept) gone.push_back(identity(agg, entries[i]->key));
  }
  for (const std::string& id : gone) entries_.erase(id);
}

bool AggregationTable::normalize(uint32_t agg, int64_t divisor) {
  if (divisor == 0 || agg >= normals_.size()) return false;
  normals_[agg] = divisor;
  return true;
}

AggregationArgument AggregationTable::argument(const AggregationEntry& e) const {
  return {&descs_[e.agg].agg, e.words, normals_[e.agg]};
}

int AggregationTable::compare_words(uint32_t agg, std::span<const uint64_t> a,
                                    std::span<const uint64_t> b) const {
  const AggregationDesc& d = descs_[agg];
  const auto number = [&](std::span<const uint64_t> w) {
    return aggregation_number({&d.agg, w, 1});
  };
  /* Distributions compare by the sum of what they hold; equal sums by the bucket of zeros. */
  const auto weigh = [&](std::span<const uint64_t> w, auto&& value) {
    long double sum = 0;
    for (size_t i = 0; i < w.size(); ++i)
      sum += static_cast<long double>(value(i)) * static_cast<int64_t>(w[i]);
    return sum;
  };
  const auto distribution = [&](auto&& value, size_t zero) {
    if (const int r = order(weigh(a, value), weigh(b, value))) return r;
    if (zero >= a.size()) return 0;
    return order(static_cast<int64_t>(a[zero]), static_cast<int64_t>(b[zero]));
  };
  switch (d.agg.func) {
    case HP_AGG_AVG: {
      const auto average = [](std::span<const uint64_t> w) {
        return w[0] ? static_cast<long double>(static_cast<int64_t>(w[1])) / w[0] : 0;
      };
      return order(average(a), average(b));
    }
    case HP_AGG_QUANTIZE:
      return distribution([](size_t i) { return hp_quantize_label(static_cast<uint32_t>(i)); },
                          HP_QUANTIZE_ZERO);
    case HP_AGG_LQUANTIZE: {
      const int64_t base = d.agg.param[0], step = d.agg.param[2];
      const auto value = [&](size_t i) {
        return i == 0 ? base - 1 : base + (static_cast<int64_t>(i) - 1) * step;
      };
      const size_t zero = step > 0 && base <= 0 ? static_cast<size_t>(-base / step) + 1 : a.size();
      return distribution(value, zero);
    }
    case HP_AGG_LLQUANTIZE:
      return distribution([&](size_t i) { return weights_[agg][i]; }, a.size() / 2);
    default:
      return order(number(a), number(b));
  }
}

int AggregationTable::compare_keys(const std::vector<Value>& a, const std::vector<Value>& b,
                                   uint32_t position) {
  const size_t n = std::min(a.size(), b.size());
  const size_t start = position < n ? position : 0;
  for (size_t i = 0; i < n; ++i) {
    const size_t k = (start + i) % n;
    if (const int r = compare_values(a[k], b[k])) return r;
  }
  return order(a.size(), b.size());
}

std::vector<const AggregationEntry*> AggregationTable::sorted(std::span<const uint32_t> aggs,
                                                              const SortOptions& options) const {
  std::vector<const AggregationEntry*> out;
  for (const auto& [id, e] : entries_)
    if (std::find(aggs.begin(), aggs.end(), e.agg) != aggs.end()) out.push_back(&e);
  const auto compare = [&](const AggregationEntry* a, const AggregationEntry* b) {
    if (const int r = order(a->agg, b->agg)) return r;
    if (!options.by_key)
      if (const int r = compare_words(a->agg, a->words, b->words)) return r;
    return compare_keys(a->key, b->key, options.key_position);
  };
  std::sort(out.begin(), out.end(), [&](const auto* a, const auto* b) {
    return options.reverse ? compare(b, a) < 0 : compare(a, b) < 0;
  });
  return out;
}

std::vector<AggregationTable::Row> AggregationTable::joined(std::span<const uint32_t> aggs,
                                                            const SortOptions& options) const {
  std::map<std::string, Row> rows;
  for (const auto& [id, e] : entries_) {
    if (std::find(aggs.begin(), aggs.end(), e.agg) == aggs.end()) continue;
    auto [it, added] = rows.try_emplace(identity(0, e.key));
    Row& row = it->second;
    if (added) {
      row.key = &e.key;
      for (const uint32_t agg : aggs)
        row.values.push_back({&descs_[agg].agg, zeros_[agg], normals_[agg]});
    }
    for (size_t i = 0; i < aggs.size(); ++i)
      if (aggs[i] == e.agg) row.values[i].words = e.words;
  }
  std::vector<Row> out;
  out.reserve(rows.size());
  for (auto& [id, row] : rows) out.push_back(std::move(row));
  const size_t n = aggs.size();
  const size_t first = options.position < n ? options.position : 0;
  const auto values = [&](const Row& a, const Row& b) {
    for (size_t i = 0; i < n; ++i) {
      const size_t k = (first + i) % n;
      if (const int r = compare_words(aggs[k], a.values[k].words, b.values[k].words)) return r;
    }
    return 0;
  };
  const auto compare = [&](const Row& a, const Row& b) {
    if (!options.by_key)
      if (const int r = values(a, b)) return r;
    if (const int r = compare_keys(*a.key, *b.key, options.key_position)) return r;
    return options.by_key ? values(a, b) : 0;
  };
  std::sort(out.begin(), out.end(), [&](const Row& a, const Row& b) {
    return options.reverse ? compare(b, a) < 0 : compare(a, b) < 0;
  });
  return out;
}

void append_aggregation_row(std::string& out, const std::vector<Value>& key,
                            std::span<const AggregationArgument> values) {
  for (const Value& v : key) append_key(out, v);
  for (const AggregationArgument& a : values) append_aggregation(out, a);
  out += '\n';
}

}  // namespace hp
