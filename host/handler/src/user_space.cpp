#include "handler/user_space.hpp"

#include <sys/uio.h>
#include <unistd.h>

#include <cstring>

#include "handler/segment_texts.hpp"

namespace hp::handler {

namespace {

/* Of the process that the clauses run in, for what fires there itself. */
class OwnMemory final : public GuestAccess {
 public:
  int read(void* dst, uint64_t gva, size_t size, uint64_t* bad) noexcept override {
    iovec to{dst, size}, from{reinterpret_cast<void*>(gva), size};
    const ssize_t n = ::process_vm_readv(::getpid(), &to, 1, &from, 1, 0);
    if (n == static_cast<ssize_t>(size)) return 0;
    *bad = gva + (n > 0 ? static_cast<uint64_t>(n) : 0);
    return HP_FLT_BADADDR;
  }
  int read_string(char*, uint64_t gva, size_t, uint64_t*, uint64_t* bad) noexcept override {
    *bad = gva;
    return HP_FLT_BADADDR;
  }
  int write(uint64_t gva, const void*, size_t, uint64_t* bad) noexcept override {
    *bad = gva;
    return HP_FLT_BADADDR;
  }
};

}  // namespace

uint32_t UserSpace::walk(const hp_firing& f, uint64_t* pcs, uint32_t max) noexcept {
  auto* access = static_cast<GuestAccess*>(f.mem);
  if (max == 0 || f.pc == 0) return 0;
  UnwindState s;
  s.registers[kReturnAddress] = f.pc;
  s.registers[kRsp] = f.stack;
  s.registers[kRbp] = f.frame;
  s.known = 1u << kReturnAddress | 1u << kRsp | 1u << kRbp;
  if (f.uregs) {
    const hp_uregs& r = *f.uregs;
    const uint64_t all[kReturnAddress] = {r.rax, r.rdx, r.rcx, r.rbx, r.rsi, r.rdi, r.rbp, r.rsp,
                                          r.r8,  r.r9,  r.r10, r.r11, r.r12, r.r13, r.r14, r.r15};
    std::memcpy(s.registers, all, sizeof all);
    s.known = (1u << kRegisters) - 1;
  }
  OwnMemory own;
  if (!access) access = &own;
  return unwinder_.walk(*access, static_cast<const ModuleMap*>(f.modules), s, pcs, max);
}

uint64_t UserSpace::number(const SegmentView& segment, const hp_firing& f) noexcept {
  const auto pid = static_cast<uint32_t>(f.pid);
  const auto* modules = static_cast<const ModuleMap*>(f.modules);
  if (modules && published_.load(std::memory_order_acquire) != modules->generation() &&
      !busy_.test_and_set(std::memory_order_acquire)) {
    publish(segment, *modules, pid);
    busy_.clear(std::memory_order_release);
  }
  return uint64_t{space_.load(std::memory_order_relaxed)} << 32 | pid;
}

void UserSpace::publish(const SegmentView& segment, const ModuleMap& modules,
                        uint32_t pid) noexcept {
  uint32_t space = space_.load(std::memory_order_relaxed);
  if (space == 0) {
    space = __atomic_add_fetch(&segment.header()->next_space, 1, __ATOMIC_RELAXED);
    space_.store(space, std::memory_order_relaxed);
  }
  const uint32_t known = published_.load(std::memory_order_relaxed);
  const uint32_t now = modules.generation();
  Module m;
  for (size_t i = 0; modules.at(i, m); ++i) {
    if (known != 0 && static_cast<int32_t>(m.since - known) <= 0) continue;
    hp_seg_module* entry = claim_module(segment);
    if (!entry) break; /* the consumer is behind: addresses of this one stay numbers */
    entry->space = space;
    entry->pid = pid;
    entry->start = m.start;
    entry->end = m.end;
    entry->offset = m.offset;
    entry->device = m.device;
    entry->inode = m.inode;
    std::memcpy(entry->path, m.path, sizeof entry->path);
    __atomic_store_n(&entry->state, HP_MODULE_READY, __ATOMIC_RELEASE);
  }
  published_.store(now, std::memory_order_release);
}

void UserSpace::forked() noexcept {
  space_.store(0);
  published_.store(0);
  busy_.clear();
}

}  // namespace hp::handler
