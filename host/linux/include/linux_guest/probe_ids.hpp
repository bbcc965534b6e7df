/* ProbeIds: the numbers by which a guest's module and its host call a probe (hp_attach.probe).
 *
 * What is attached alike has one number, shared by the programs that want it and counted; a number that nobody
 * holds is given again as late as possible. Not thread-safe. */
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "transport/trace.h"

namespace hp::linux_guest {

class ProbeIds {
 public:
  /* The number of what this attaches (probe, size and text's length do not matter), with one more holder.
   * None: all HP_TRACE_PROBES - 1 are held. */
  std::optional<uint32_t> hold(const hp_attach& attach, const std::string& text);
  void release(uint32_t id);
  /* HP_KIND_* of a number that is held. */
  uint32_t kind(uint32_t id) const { return std::get<0>(*held_[id].key); }
  size_t size() const { return ids_.size(); }

 private:
  using Key = std::tuple<uint32_t, uint32_t, uint64_t, uint64_t, uint32_t, std::string>;
  struct Held {
    const Key* key = nullptr; /* nullptr: free */
    uint32_t holders = 0;
  };
  std::map<Key, uint32_t> ids_;
  std::vector<Held> held_; /* by number */
  uint32_t next_ = 1;
};

}  // namespace hp::linux_guest
