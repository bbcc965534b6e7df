/* Guest page tables (4-level, Intel SDM vol. 3 section 4.5), written from the host.
 *
 * Memory is a policy: `uint64_t* at(Gpa)` gives a table's entries, `Gpa allocate()` a zeroed table
 * (0 when there is no more), `void write(uint64_t* entry, uint64_t value)` stores one entry. Unit
 * tests use one that records every write. Entries are only ever added, so no TLB needs flushing. */
#pragma once
#include <cstdint>

#include "transport/address.hpp"

namespace hp::vmm {

enum PageFlags : uint64_t {
  kPresent = 1,
  kWritable = 2,
  kUser = 4,
  kLarge = 1 << 7,
  kAccessed = 1 << 5,
  kDirty = 1 << 6,
};

template <class Memory>
class PageTable {
 public:
  PageTable(Memory& memory, Gpa root) : memory_(&memory), root_(root) {}
  Gpa root() const { return root_; }

  /* Maps one page of size 4 KiB or 2 MiB. False when a table cannot be allocated. */
  [[nodiscard]] bool map(Gva va, Gpa pa, uint64_t size, uint64_t flags) {
    uint64_t leaf = kPresent | kAccessed | kDirty | flags;
    uint64_t* entries = memory_->at(root_);
    for (int level = 3;; --level) {
      uint64_t* entry = entries + (va.value >> (12 + 9 * level) & 511);
      if (level == 0 || (level == 1 && size == kLargePageSize)) {
        memory_->write(entry, pa.value | leaf | (level == 1 ? uint64_t{kLarge} : 0));
        return true;
      }
      if (!(*entry & kPresent)) {
        Gpa table = memory_->allocate();
        if (table.value == 0) return false;
        memory_->write(entry, table.value | kPresent | kWritable | kUser | kAccessed);
      }
      entries = memory_->at(Gpa(*entry & kAddressMask));
    }
  }

  /* Where va maps to, or false. */
  [[nodiscard]] bool translate(Gva va, Gpa& pa) const {
    const uint64_t* entries = memory_->at(root_);
    for (int level = 3; level >= 0; --level) {
      uint64_t entry = entries[va.value >> (12 + 9 * level) & 511];
      if (!(entry & kPresent)) return false;
      if (level == 0 || (level == 1 && (entry & kLarge))) {
        uint64_t size = level ? kLargePageSize : kPageSize;
        pa = Gpa((entry & kAddressMask & ~(size - 1)) | (va.value & (size - 1)));
        return true;
      }
      entries = memory_->at(Gpa(entry & kAddressMask));
    }
    return false;
  }

 private:
  static constexpr uint64_t kAddressMask = 0x000ffffffffff000ull;
  Memory* memory_;
  Gpa root_;
};

}  // namespace hp::vmm
