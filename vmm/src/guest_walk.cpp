#include "vmm/guest_walk.hpp"

#include <algorithm>

#include "vmm/page_table.hpp"

namespace hp::vmm {

namespace {

constexpr uint64_t kCr0Paging = 1ull << 31, kCr4Pae = 1ull << 5, kCr4La57 = 1ull << 12;
constexpr uint64_t kEferLongModeActive = 1ull << 10;
constexpr uint64_t kAddress = 0x000ffffffffff000ull;
constexpr uint64_t kUnpagedLimit = 1ull << 32;
constexpr int kDirtyTries = 4; /* against a guest that keeps changing the entry */

/* Of memory that other vCPUs may be writing: what comes out may be a mixture, which is the guest's affair.
 * ThreadSanitizer, which calls that a race, sees bytes instead. */
void copy(uint8_t* to, const uint8_t* from, size_t n) noexcept {
#ifdef __SANITIZE_THREAD__
  for (size_t i = 0; i < n; ++i)
    __atomic_store_n(to + i, __atomic_load_n(from + i, __ATOMIC_RELAXED), __ATOMIC_RELAXED);
#else
  std::memcpy(to, from, n);
#endif
}

}  // namespace

bool GuestWalk::canonical(uint64_t va, unsigned levels) const noexcept {
  const unsigned unused = 64 - (12 + 9 * levels);
  return static_cast<uint64_t>(static_cast<int64_t>(va << unused) >> unused) == va;
}

uint64_t GuestWalk::entry_at(Gpa at, bool* ok) const noexcept {
  const uint8_t* p = ram_->at(at, sizeof(uint64_t));
  *ok = p != nullptr;
  return p ? __atomic_load_n(reinterpret_cast<const uint64_t*>(p), __ATOMIC_RELAXED) : 0;
}

bool GuestWalk::translate(Gva va, Page& page) noexcept {
  Page& last = last_[va.value >> 63];
  if (last.size != 0 && va.value - last.va.value < last.size) {
    page = last;
    return true;
  }
  if (!(paging_.cr0 & kCr0Paging)) {
    if (va.value >= kUnpagedLimit) return false;
    page = {va.align_down(kPageSize), Gpa(va.value & ~(kPageSize - 1)), kPageSize, true, Gpa()};
    last = page;
    return true;
  }
  if (!(paging_.efer & kEferLongModeActive) || !(paging_.cr4 & kCr4Pae)) return false;
  const unsigned levels = paging_.cr4 & kCr4La57 ? 5 : 4;
  if (!canonical(va.value, levels)) return false;

  Gpa table(paging_.cr3 & kAddress);
  bool writable = true;
  for (unsigned level = levels; level-- > 0;) {
    const Gpa at = table + (va.value >> (12 + 9 * level) & 511) * sizeof(uint64_t);
    bool ok;
    const uint64_t entry = entry_at(at, &ok);
    if (!ok || !(entry & kPresent)) return false;
    writable = writable && (entry & kWritable);
    if (level != 0 && !(entry & kLarge)) {
      table = Gpa(entry & kAddress);
      continue;
    }
    if (level > 2) return false; /* no pages that large: the bit is reserved */
    const uint64_t size = kPageSize << (9 * level);
    /* Of a large page the address bits below its size are reserved, but for the lowest (PAT). */
    if (level != 0 && (entry & (size - 1) & kAddress & ~kPageSize)) return false;
    page = {va.align_down(size), Gpa(entry & kAddress & ~(size - 1)), size, writable, at};
    last = page;
    return true;
  }
  return false;
}

bool GuestWalk::mark_dirty(const Page& page) const noexcept {
  if (page.entry.value == 0) return true;
  uint8_t* p = ram_->at(page.entry, sizeof(uint64_t));
  if (!p) return false;
  auto* entry = reinterpret_cast<uint64_t*>(p);
  constexpr uint64_t kMarks = kAccessed | kDirty;
  const uint64_t maps = page.pa.value | kPresent | kWritable;
  for (int i = 0; i < kDirtyTries; ++i) {
    uint64_t old = __atomic_load_n(entry, __ATOMIC_RELAXED);
    /* Still the entry that was walked? Flags that do not matter here may have changed. */
    if ((old & ((kAddress & ~(page.size - 1)) | kPresent | kWritable)) != maps) return false;
    if ((old & kMarks) == kMarks) return true;
    if (__atomic_compare_exchange_n(entry, &old, old | kMarks, false, __ATOMIC_RELAXED,
                                    __ATOMIC_RELAXED))
      return true;
  }
  return false;
}

uint8_t* GuestWalk::span(Gva va, size_t size, size_t* got, bool writes) noexcept {
  Page page;
  if (!translate(va, page)) return nullptr;
  if (writes && (!page.writable || !mark_dirty(page))) return nullptr;
  /* A large page may reach beyond RAM: no more of it than a small one at once. */
  const uint64_t within = va - page.va;
  *got = std::min<uint64_t>(size, kPageSize - (va.value & (kPageSize - 1)));
  return ram_->at(page.pa + within, *got);
}

bool GuestWalk::read(void* to, Gva from, size_t size, uint64_t* bad) noexcept {
  auto* out = static_cast<uint8_t*>(to);
  while (size > 0) {
    size_t n;
    const uint8_t* p = span(from, size, &n, false);
    if (!p) {
      *bad = from.value;
      return false;
    }
    copy(out, p, n);
    out += n;
    size -= n;
    from = from + n;
  }
  return true;
}

bool GuestWalk::read_string(char* to, Gva from, size_t max, uint64_t* length,
                            uint64_t* bad) noexcept {
  size_t have = 0;
  while (have + 1 < max) {
    size_t n;
    const uint8_t* p = span(from + have, max - 1 - have, &n, false);
    if (!p) {
      *bad = from.value + have;
      return false;
    }
    /* Copied before it is searched: the guest may be writing. */
    copy(reinterpret_cast<uint8_t*>(to) + have, p, n);
    if (const void* nul = std::memchr(to + have, 0, n)) {
      *length = static_cast<uint64_t>(static_cast<const char*>(nul) - to);
      return true;
    }
    have += n;
  }
  to[have] = '\0';
  *length = have;
  return true;
}

bool GuestWalk::write(Gva to, const void* from, size_t size, uint64_t* bad) noexcept {
  const auto* in = static_cast<const uint8_t*>(from);
  while (size > 0) {
    size_t n;
    uint8_t* p = span(to, size, &n, true);
    if (!p) {
      *bad = to.value;
      return false;
    }
    copy(p, in, n);
    in += n;
    size -= n;
    to = to + n;
  }
  return true;
}

}  // namespace hp::vmm
