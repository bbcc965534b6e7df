#include "host/aggregation_look.hpp"

#include <algorithm>

namespace hp {
namespace {

/* What merging would have to add to `before` to make it `now`. */
void subtract(uint32_t func, std::vector<uint64_t>& now, const std::vector<uint64_t>& before) {
  if (func == HP_AGG_MIN || func == HP_AGG_MAX) return;
  if (func == HP_AGG_STDDEV) { /* the squares are 128 bits wide */
    now[0] -= before[0];
    now[1] -= before[1];
    now[3] -= before[3] + (now[2] < before[2]);
    now[2] -= before[2];
    return;
  }
  for (size_t i = 0; i < now.size(); ++i) now[i] -= before[i];
}

}  // namespace

void AggregationLook::show(AggregationTable& shown) const {
  AggregationTable::Entries entries = whole_.entries();
  for (const auto& [id, forgotten] : forgotten_) {
    const auto at = entries.find(id);
    if (at == entries.end()) continue;
    AggregationEntry& e = at->second;
    if (e.words != forgotten.words) {
      subtract(whole_.descs()[e.agg].agg.func, e.words, forgotten.words);
    } else if (forgotten.cleared) {
      std::fill(e.words.begin(), e.words.end(), 0);
      e.cleared = true;
    } else {
      entries.erase(at);
    }
  }
  shown.replace(std::move(entries));
}

void AggregationLook::forget(uint32_t agg, const AggregationTable& shown) {
  for (const auto& [id, e] : whole_.entries()) {
    if (e.agg != agg) continue;
    const auto at = shown.entries().find(id);
    if (at == shown.entries().end())
      forgotten_[id] = {e.words, false};
    else if (at->second.cleared)
      forgotten_[id] = {e.words, true};
  }
}

}  // namespace hp
