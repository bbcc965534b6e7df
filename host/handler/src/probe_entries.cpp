#include "handler/probe_entries.hpp"

#include <unistd.h>

#include <cstring>
#include <ctime>
#include <string>
#include <string_view>
#include <unordered_map>

#include "handler/slot_lock.hpp"

namespace hp::handler {

namespace {

constexpr uint64_t kPatience = 10'000'000'000; /* ns: a table of 100,000 entries takes some 50 ms */
constexpr long kPause = 100'000;

uint64_t now() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<uint64_t>(t.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(t.tv_nsec);
}

template <size_t N>
void append(std::string& key, const char (&field)[N]) {
  key.append(field, ::strnlen(field, N)).push_back('\0');
}

std::string key_of(const hp_seg_probe& p) {
  std::string key;
  append(key, p.prov);
  append(key, p.mod);
  append(key, p.func);
  append(key, p.name);
  return key;
}

}  // namespace

TablesLock::TablesLock(const SegmentView& segment)
    : word_(&segment.header()->tables_lock), self_(static_cast<uint32_t>(::gettid())) {
  if (is_foreign_process()) self_ |= kForeignOwner;
  for (const uint64_t end = now() + kPatience;;) {
    uint32_t owner = __atomic_load_n(word_, __ATOMIC_RELAXED);
    const bool mine = owner == 0 || (owner != self_ && owner_is_dead(owner));
    if (mine && __atomic_compare_exchange_n(word_, &owner, self_, false, __ATOMIC_ACQUIRE,
                                            __ATOMIC_RELAXED)) {
      held_ = true;
      return;
    }
    if (now() >= end) return;
    const timespec pause{0, kPause};
    ::nanosleep(&pause, nullptr);
  }
}

TablesLock::~TablesLock() {
  if (held_) __atomic_store_n(word_, 0u, __ATOMIC_RELEASE);
}

Result<std::vector<uint32_t>> enter_probes(const SegmentView& segment,
                                           std::span<const hp_seg_probe> wanted) {
  const TablesLock lock(segment);
  if (!lock) return fail("the program segment's probe table is locked", EBUSY);
  hp_seg_probe* table = segment.probes();
  uint32_t n = segment.nprobes();
  std::unordered_map<std::string, uint32_t> known;
  known.reserve(n + wanted.size());
  for (uint32_t i = 0; i < n; ++i) known.try_emplace(key_of(table[i]), i);

  std::vector<uint32_t> indices;
  indices.reserve(wanted.size());
  std::vector<const hp_seg_probe*> fresh;
  for (const hp_seg_probe& p : wanted) {
    const auto [at, added] = known.try_emplace(key_of(p), n + static_cast<uint32_t>(fresh.size()));
    if (added) fresh.push_back(&p);
    indices.push_back(at->second);
  }
  if (fresh.size() > segment.max_probes() - n)
    return fail("more than " + std::to_string(segment.max_probes()) + " probes match the program",
                ENOSPC);
  for (const hp_seg_probe* p : fresh) {
    hp_seg_probe entry = *p;
    if (entry.id == 0) entry.id = HP_PROBE_SHARED + n;
    table[n] = entry;
    __atomic_store_n(&segment.header()->nprobes, ++n, __ATOMIC_RELEASE);
  }
  return indices;
}

}  // namespace hp::handler
