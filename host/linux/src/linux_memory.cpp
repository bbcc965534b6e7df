#include "linux_guest/linux_memory.hpp"

#include <algorithm>

namespace hp::linux_guest {

vmm::GuestWalk& LinuxMemory::walk() noexcept {
  if (!walk_) walk_.emplace(*ram_, vcpu_->paging());
  return *walk_;
}

std::optional<TaskReader> LinuxMemory::task() noexcept {
  if (!task_ || !head_ || head_->get().task == 0) return std::nullopt;
  return TaskReader(walk(), *task_, head_->get().task);
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

uint64_t LinuxMemory::cpu_time() noexcept {
  return head_ ? head_->get().cputime : 0;
}

int64_t LinuxMemory::identity(uint32_t what) noexcept {
  auto reader = task();
  return reader ? reader->identity(what) : 0;
}

uint32_t LinuxMemory::path(uint32_t what, char* dst, uint32_t max) noexcept {
  auto reader = task();
  return reader ? reader->path(what, dst, max) : 0;
}

uint32_t LinuxMemory::ancestors(int32_t (&pids)[TaskReader::kAncestors]) noexcept {
  auto reader = task();
  return reader ? reader->ancestors(pids) : 0;
}

uint32_t LinuxMemory::kernel_stack(uint64_t* pcs, uint32_t max) noexcept {
  if (!head_ || !(head_->get().flags & HP_PROBE_STACK)) return 0;
  /* Each address is read once; there is nothing to check in one. */
  const uint32_t n = std::min({head_->get().nstack, uint32_t{HP_PROBE_FRAMES}, max});
  for (uint32_t i = 0; i < n; ++i) pcs[i] = __atomic_load_n(&page_->stack[i], __ATOMIC_RELAXED);
  return n;
}

uint64_t LinuxMemory::space(const hp_firing& f) noexcept {
  return uint64_t{HP_SPACE_GUEST | f.vmid} << 32 | static_cast<uint32_t>(f.pid);
}

uint64_t LinuxMemory::kernel_space(const hp_firing& f) noexcept {
  return uint64_t{HP_SPACE_KERNEL | f.vmid} << 32;
}

}  // namespace hp::linux_guest
