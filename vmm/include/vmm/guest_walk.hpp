/* GuestWalk: reads and writes a machine's memory by its own virtual addresses, as its MMU would translate them.
 *
 *     GuestWalk walk(ram, vcpu.paging());
 *     if (!walk.read(&value, Gva(address), sizeof value, &bad)) ... fault at bad
 *
 * 64-bit paging with 4 and 5 levels, pages of 4 KiB, 2 MiB and 1 GiB (Intel SDM vol. 3, 4.5; AMD APM vol. 2,
 * 5.3), and the identity while paging is off. An access fails, at the first byte that cannot be had, when an
 * address is not canonical, an entry not present or malformed (reserved bits), a table or page outside of RAM, a
 * page read-only (writes), or the guest in a mode that a 64-bit kernel leaves at boot. NX and user bits say
 * nothing about what a debugger may read. Tables belong to the guest: each entry is loaded once.
 *
 * One for each firing, on its thread: what was translated last in each half of the address space is kept, which
 * is right because the vCPU is stopped, and so cannot have flushed its TLB between two accesses of a firing; another
 * vCPU that changes the tables meanwhile would find that stale entry in this one's TLB as well. */
#pragma once
#include <cstddef>
#include <cstdint>

#include "transport/address.hpp"
#include "vmm/guest_ram.hpp"
#include "vmm/trace_port.hpp"

namespace hp::vmm {

class GuestWalk {
 public:
  GuestWalk(const GuestRam& ram, const VcpuView::Paging& paging) : ram_(&ram), paging_(paging) {}

  /* What an address lies in. */
  struct Page {
    Gva va; /* of its first byte */
    Gpa pa;
    uint64_t size = 0; /* bytes; 0: nothing */
    bool writable = false;
    Gpa entry; /* of the leaf entry that maps it; 0: none does (paging is off) */
  };
  /* False: a fault. */
  [[nodiscard]] bool translate(Gva, Page&) noexcept;

  /* False: a fault at *bad; what came before it is copied. */
  [[nodiscard]] bool read(void* to, Gva from, size_t size, uint64_t* bad) noexcept;
  /* At most max - 1 bytes and a NUL; *length without it. max >= 1. */
  [[nodiscard]] bool read_string(char* to, Gva from, size_t max, uint64_t* length,
                                 uint64_t* bad) noexcept;
  /* Marks pages as accessed and dirty, as the CPU does. */
  [[nodiscard]] bool write(Gva to, const void* from, size_t size, uint64_t* bad) noexcept;

 private:
  bool canonical(uint64_t va, unsigned levels) const noexcept;
  uint64_t entry_at(Gpa at, bool* ok) const noexcept;
  bool mark_dirty(const Page&) const noexcept;
  /* The host's view of what lies at va, at most `size` bytes of one page; nullptr: fault. */
  uint8_t* span(Gva va, size_t size, size_t* got, bool writes) noexcept;

  const GuestRam* ram_;
  VcpuView::Paging paging_;
  Page last_[2]; /* lower and upper half */
};

}  // namespace hp::vmm
