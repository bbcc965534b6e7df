#include "linux_guest/linux_memory.hpp"

namespace hp::linux_guest {

vmm::GuestWalk& LinuxMemory::walk() noexcept {
  if (!walk_) walk_.emplace(*ram_, vcpu_->paging());
  return *walk_;
}

int LinuxMemory::read(void* dst, uint64_t gva, size_t size, uint64_t* bad) noexcept {
  return walk().read(dst, Gva(gva), size, bad) ? 0 : HP_FLT_BADADDR;
}

int LinuxMemory::read_string(char* dst, uint64_t gva, size_t max, uint64_t* len,
                             uint64_t* bad) noexcept {
  return walk().read_string(dst, Gva(gva), max, len, bad) ? 0 : HP_FLT_BADADDR;
}

int LinuxMemory::write(uint64_t gva, const void* src, size_t size, uint64_t* bad) noexcept {
  return walk().write(Gva(gva), src, size, bad) ? 0 : HP_FLT_BADADDR;
}

}  // namespace hp::linux_guest
