#include "machine/bus.hpp"

#include <algorithm>
#include <bit>

namespace hp::machine {

Result<> Bus::add(vmm::Device& device, uint64_t base, uint64_t size) {
  HP_CHECK(size != 0 && base + (size - 1) >= base);
  auto at = std::upper_bound(ranges_.begin(), ranges_.end(), base,
                             [](uint64_t b, const Range& r) { return b < r.base; });
  const bool free_below = at == ranges_.begin() || base - (at - 1)->base >= (at - 1)->size;
  const bool free_above = at == ranges_.end() || at->base - base >= size;
  if (!free_below || !free_above)
    return fail("device " + std::string(device.name()) + " overlaps another one's addresses");
  ranges_.insert(at, {base, size, &device});
  return {};
}

const Bus::Range* Bus::find(uint64_t address, unsigned size) const noexcept {
  /* An access over the end of a page comes in two pieces, of 3 and 5 bytes if the guest wants it so. */
  if (!std::has_single_bit(size)) return nullptr;
  auto at = std::upper_bound(ranges_.begin(), ranges_.end(), address,
                             [](uint64_t a, const Range& r) { return a < r.base; });
  if (at == ranges_.begin()) return nullptr;
  --at;
  const uint64_t offset = address - at->base;
  return offset < at->size && size <= at->size - offset ? &*at : nullptr;
}

}  // namespace hp::machine
