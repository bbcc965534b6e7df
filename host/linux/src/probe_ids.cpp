#include "linux_guest/probe_ids.hpp"

#include <utility>

namespace hp::linux_guest {

std::optional<uint32_t> ProbeIds::hold(const hp_attach& a, const std::string& text) {
  const auto [it, added] =
      ids_.try_emplace(Key{a.kind, a.flags, a.address, a.extra, a.number, text}, 0);
  if (!added) {
    ++held_[it->second].holders;
    return it->second;
  }
  if (ids_.size() >= HP_TRACE_PROBES) {
    ids_.erase(it);
    return std::nullopt;
  }
  /* Round and round, and one is free: some 100,000 come before the first is given again. */
  if (held_.empty()) held_.resize(HP_TRACE_PROBES);
  while (held_[next_].key) next_ = next_ + 1 < HP_TRACE_PROBES ? next_ + 1 : 1;
  it->second = next_;
  held_[next_] = {&it->first, 1};
  next_ = next_ + 1 < HP_TRACE_PROBES ? next_ + 1 : 1;
  return it->second;
}

void ProbeIds::release(uint32_t id) {
  if (--held_[id].holders != 0) return;
  const Key* key = std::exchange(held_[id].key, nullptr);
  ids_.erase(ids_.find(*key));
}

}  // namespace hp::linux_guest
