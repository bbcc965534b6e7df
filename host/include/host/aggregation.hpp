/* The consumer's own aggregations: what the handlers' buffers held, merged.
 *
 * Handlers aggregate into the slots of the program segment; the consumer flips and empties those
 * halves now and then and merges them here, as dtrace(1) does. clear(), trunc(), normalize() act on
 * this table. Keys are equal when what they print is equal: two probes of one function name are one
 * key. Not thread-safe. */
#pragma once
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "host/printf.hpp"
#include "host/value.hpp"

namespace hp {

struct AggregationDesc {
  std::string name; /* without '@' */
  hp_obj_agg agg{};
  std::vector<hp_obj_field> keys;
};

struct AggregationEntry {
  uint32_t agg = 0; /* index of its AggregationDesc */
  std::vector<Value> key;
  std::vector<uint64_t> words;
  bool cleared = false; /* by clear(): prints as zero; the next value replaces it */
};

/* Options aggsortkey, aggsortkeypos, aggsortpos, aggsortrev. */
struct SortOptions {
  bool by_key = false;
  uint32_t key_position = 0;
  uint32_t position = 0;
  bool reverse = false;
};

class AggregationTable {
 public:
  explicit AggregationTable(std::vector<AggregationDesc> descs);

  /* Merges one entry of a handler's buffer: key as stored, words of the aggregation's function.
   * Fails when sizes do not fit the description (the buffer was damaged): nothing changes. */
  Result<> merge(uint32_t agg, std::span<const std::byte> key, std::span<const uint64_t> words,
                 const Names& names);

  void clear(uint32_t agg);
  /* Keeps the count largest, or with a negative count the smallest, values; 0 removes all. */
  void trunc(uint32_t agg, int64_t count);
  /* divisor 0 is refused (false): nothing changes. */
  bool normalize(uint32_t agg, int64_t divisor);
  int64_t normal(uint32_t agg) const { return normals_[agg]; }

  /* Entries of the given aggregations in print order: by aggregation, value, key (or as options
   * say). Pointers stay valid until the next change. */
  std::vector<const AggregationEntry*> sorted(std::span<const uint32_t> aggs,
                                              const SortOptions& options) const;
  /* For printa() with several: one row a key, with one entry each in the order given; an
   * aggregation without that key has a zero entry. */
  struct Row {
    const std::vector<Value>* key;
    std::vector<AggregationArgument> values;
  };
  std::vector<Row> joined(std::span<const uint32_t> aggs, const SortOptions& options) const;

  /* By aggregation and key. replace(): instead of all that were there; normalize() stays. */
  using Entries = std::unordered_map<std::string, AggregationEntry>;
  const Entries& entries() const { return entries_; }
  void replace(Entries entries) { entries_ = std::move(entries); }

  const std::vector<AggregationDesc>& descs() const { return descs_; }
  AggregationArgument argument(const AggregationEntry& e) const;
  size_t size() const { return entries_.size(); }

 private:
  int compare_words(uint32_t agg, std::span<const uint64_t> a, std::span<const uint64_t> b) const;
  static int compare_keys(const std::vector<Value>& a, const std::vector<Value>& b,
                          uint32_t position);

  std::vector<AggregationDesc> descs_;
  std::vector<int64_t> normals_;
  std::vector<std::vector<uint64_t>> zeros_;
  std::vector<std::vector<long double>> weights_; /* llquantize: what each bucket stands for */
  Entries entries_;                               /* by aggregation and rendered key */
};

/* Default layout of one row: keys, then values, then a newline. */
void append_aggregation_row(std::string& out, const std::vector<Value>& key,
                            std::span<const AggregationArgument> values);

}  // namespace hp
