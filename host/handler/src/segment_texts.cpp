#include "handler/segment_texts.hpp"

#include <algorithm>
#include <cstring>

#include "handler/probe_entries.hpp"

namespace hp::handler {

namespace {

uint64_t hash_of(
    std::string_view text) { /* FNV-1a over words: it need only tell texts apart quickly */
  uint64_t hash = 0xcbf29ce484222325;
  for (size_t at = 0; at < text.size(); at += sizeof hash) {
    uint64_t word = 0;
    std::memcpy(&word, text.data() + at, std::min(sizeof word, text.size() - at));
    hash = (hash ^ word) * 0x100000001b3;
  }
  return hash;
}

constexpr uint64_t round8(uint64_t n) {
  return (n + 7) & ~uint64_t{7};
}

}  // namespace

hp_seg_module* claim_module(const SegmentView& segment) noexcept {
  hp_seg_header* h = segment.header();
  const uint32_t n = segment.max_modules();
  constexpr uint32_t kTries = 64;
  for (uint32_t i = 0; n != 0 && i < kTries; ++i) {
    const uint32_t at = __atomic_fetch_add(&h->next_module, 1, __ATOMIC_RELAXED) % n;
    hp_seg_module* m = segment.modules() + at;
    uint32_t expected = HP_MODULE_FREE;
    if (!__atomic_compare_exchange_n(&m->state, &expected, HP_MODULE_BUSY, false, __ATOMIC_ACQUIRE,
                                     __ATOMIC_RELAXED))
      continue;
    uint32_t used = __atomic_load_n(&h->used_modules, __ATOMIC_RELAXED);
    while (used < at + 1 && !__atomic_compare_exchange_n(&h->used_modules, &used, at + 1, true,
                                                         __ATOMIC_RELEASE, __ATOMIC_RELAXED)) {
    }
    return m;
  }
  return nullptr;
}

Result<uint64_t> enter_text(const SegmentView& segment, std::string_view text) {
  const TablesLock lock(segment);
  if (!lock) return fail("the program segment's tables are locked", EBUSY);
  hp_seg_header* h = segment.header();
  const uint64_t size = segment.symbols_size(), hash = hash_of(text);
  /* Others can write all of this: sizes are read once and bounded. */
  const uint64_t used = std::min(h->symbols_used, size) & ~uint64_t{7};
  for (uint64_t at = 0; used - at >= sizeof(hp_seg_text);) {
    hp_seg_text head;
    std::memcpy(&head, segment.symbols() + at, sizeof head);
    at += sizeof head;
    if (head.size > used - at) break;
    if (head.hash == hash && head.size == text.size() &&
        std::memcmp(segment.symbols() + at, text.data(), text.size()) == 0)
      return at;
    at += round8(head.size);
    if (at > used) break;
  }
  if (size - used < sizeof(hp_seg_text) || text.size() > size - used - sizeof(hp_seg_text) - 8)
    return fail("no room for a kernel's symbols in the program segment", ENOSPC);
  const hp_seg_text head{text.size(), hash};
  std::memcpy(segment.symbols() + used, &head, sizeof head);
  std::memcpy(segment.symbols() + used + sizeof head, text.data(), text.size());
  h->symbols_used = used + sizeof head + round8(text.size());
  return used + sizeof head;
}

}  // namespace hp::handler
