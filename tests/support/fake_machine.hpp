/* A machine without KVM: RAM, page tables in it, and vCPUs that only say how they translate addresses. */
#pragma once
#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "vmm/guest_ram.hpp"
#include "vmm/page_table.hpp"
#include "vmm/trace_port.hpp"

namespace hp::test {

inline constexpr vmm::VcpuView::Paging kNoPaging{1, 0, 0, 0};
inline constexpr uint64_t kPagingOn = 1ull << 31, kPae = 1ull << 5, kLa57 = 1ull << 12,
                          kLongMode = 1ull << 10;

struct FakeVcpu final : vmm::VcpuView {
  explicit FakeVcpu(uint32_t n = 0, Paging p = kNoPaging) : number_(n), paging_(p) {}
  uint32_t number() const noexcept override { return number_; }
  Paging paging() noexcept override {
    ++asked;
    return paging_;
  }
  uint32_t number_;
  Paging paging_;
  unsigned asked = 0;
};

/* size bytes of RAM from 0; tables are taken from its second page on, at most as many as fit in 1 MiB. */
class FakeMachine {
 public:
  static constexpr uint64_t kRoot = 0x1000, kTablesEnd = 1 << 20;
  explicit FakeMachine(uint64_t size = 4 << 20)
      : bytes_(static_cast<uint8_t*>(std::aligned_alloc(kPageSize, size)), &std::free),
        ram_({vmm::GuestRam::Region{Gpa(0), size, bytes_.get()}}) {
    std::memset(bytes_.get(), 0, size);
  }
  const vmm::GuestRam& ram() const { return ram_; }
  uint8_t* host(uint64_t gpa) { return bytes_.get() + gpa; }

  /* PageTable's policy. */
  uint64_t* at(Gpa g) { return reinterpret_cast<uint64_t*>(host(g.value)); }
  Gpa allocate() {
    if (next_ >= kTablesEnd) return Gpa(0);
    next_ += kPageSize;
    return Gpa(next_ - kPageSize);
  }
  void write(uint64_t* entry, uint64_t value) { *entry = value; }

  bool map(uint64_t va, uint64_t pa, uint64_t flags = vmm::kWritable, uint64_t size = kPageSize) {
    return vmm::PageTable<FakeMachine>(*this, Gpa(kRoot)).map(Gva(va), Gpa(pa), size, flags);
  }
  vmm::VcpuView::Paging paging() const { return {kPagingOn, kRoot, kPae, kLongMode}; }

 private:
  std::unique_ptr<uint8_t, decltype(&std::free)> bytes_;
  vmm::GuestRam ram_;
  uint64_t next_ = 0x2000;
};

}  // namespace hp::test
