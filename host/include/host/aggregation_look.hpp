/* AggregationLook: the table of a consumer that looks at aggregations without taking them (probec --attach).
 *
 * The program's buffers hold everything since it began, and each round it is all read again. What clear() and
 * trunc() did away with in the consumer's table must not come back with that: this remembers what the buffers
 * held then, and shows what has come since.
 *
 *     AggregationLook look(descs);
 *     each round:  look.whole().replace({}); look.whole().merge(...)...; look.show(table);
 *     table.clear(agg); look.forget(agg, table);
 *
 * min() and max() cannot be told apart so: they show those of all times as soon as there is a new one.
 * Nothing of this is seen by who looks next. Not thread-safe. */
#pragma once
#include <string>
#include <unordered_map>
#include <vector>

#include "host/aggregation.hpp"

namespace hp {

class AggregationLook {
 public:
  explicit AggregationLook(std::vector<AggregationDesc> descs) : whole_(std::move(descs)) {}

  AggregationTable& whole() { return whole_; }
  void show(AggregationTable& shown) const;
  /* After a clear() or trunc() of this aggregation in what is shown. */
  void forget(uint32_t agg, const AggregationTable& shown);

 private:
  struct Forgotten {
    std::vector<uint64_t> words;
    bool cleared; /* by clear(): shown as zero; else by trunc(): not shown */
  };
  AggregationTable whole_;
  std::unordered_map<std::string, Forgotten> forgotten_; /* by aggregation and key */
};

}  // namespace hp
