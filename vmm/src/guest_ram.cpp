#include "vmm/guest_ram.hpp"

#include <sys/mman.h>

namespace hp::vmm {

Result<GuestRam> GuestRam::allocate(uint64_t size) {
  constexpr uint64_t least = 64ull << 20, most = 1ull << 40, above = 4ull << 30;
  if (size % kPageSize != 0 || size < least || size > most)
    return fail("guest memory must be between 64 MiB and 1 TiB, in whole pages");
  /* Aligned as the guest's large pages are: only then KVM maps them as such. */
  const uint64_t reserved = size + kLargePageSize;
  void* p = mmap(nullptr, reserved, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED)
    return fail_errno("cannot reserve " + std::to_string(size >> 20) + " MiB of guest memory");
  GuestRam ram;
  ram.memory_ = Mapping(p, reserved);
  madvise(p, reserved, MADV_HUGEPAGE);
  madvise(p, reserved, MADV_DONTDUMP);
  madvise(p, reserved, MADV_DONTFORK);
  const Hva aligned = Hva(reinterpret_cast<uint64_t>(p)).align_up(kLargePageSize);
  auto* host = reinterpret_cast<uint8_t*>(aligned.value);
  const uint64_t low = size < kHole ? size : kHole;
  ram.regions_.push_back({Gpa(0), low, host});
  if (size > low) ram.regions_.push_back({Gpa(above), size - low, host + low});
  return ram;
}

uint64_t GuestRam::size() const {
  uint64_t sum = 0;
  for (const Region& r : regions_) sum += r.size;
  return sum;
}

}  // namespace hp::vmm
