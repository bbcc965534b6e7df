/* LinuxMemory: what a clause can ask of a Linux guest in the middle of a firing: memory, by walking the page
 * tables of the vCPU that fires, and the rest of the probe page.
 *
 * Kernel and user addresses go the same way: module and tracepoints run on the firing process's page
 * tables, where its user memory is mapped as well (with page-table isolation too: the kernel's view has
 * both). One for each firing, on the vCPU's thread. */
#pragma once
#include <optional>

#include "linux_guest/task_reader.hpp"
#include "transport/abi.h"
#include "transport/guest_access.hpp"
#include "vmm/guest_walk.hpp"

namespace hp::linux_guest {

/* A probe page of which what comes before the stack was read, once; the rest is not set. */
struct PageHead {
  static constexpr size_t kWords = offsetof(hp_probe_page, stack) / sizeof(uint64_t);
  const hp_probe_page& get() const { return page; }
  hp_probe_page page;
};

class LinuxMemory final : public GuestAccess, private GuestThread {
 public:
  /* page, head: of the firing, if it came with one; the live page for its stack. task: how the kernel keeps its
   * tasks, nullptr when that is not known. */
  LinuxMemory(const vmm::GuestRam& ram, vmm::VcpuView& vcpu, const TaskLayout* task,
              const hp_probe_page* page, const PageHead* head)
      : ram_(&ram), vcpu_(&vcpu), task_(task), page_(page), head_(head) {}

  int read(void* dst, uint64_t gva, size_t size, uint64_t* bad) noexcept override;
  int read_string(char* dst, uint64_t gva, size_t max, uint64_t* len,
                  uint64_t* bad) noexcept override;
  int write(uint64_t gva, const void* src, size_t size, uint64_t* bad) noexcept override;
  GuestThread* thread() noexcept override { return this; }
  /* Of the process, see TaskReader; 0 when they are not known. */
  uint32_t ancestors(int32_t (&pids)[TaskReader::kAncestors]) noexcept;

 private:
  uint64_t cpu_time() noexcept override;
  int64_t identity(uint32_t what) noexcept override;
  uint32_t path(uint32_t what, char* dst, uint32_t max) noexcept override;
  uint32_t kernel_stack(uint64_t* pcs, uint32_t max) noexcept override;
  uint64_t space(const hp_firing&) noexcept override;
  uint64_t kernel_space(const hp_firing&) noexcept override;
  vmm::GuestWalk& walk() noexcept;
  std::optional<TaskReader> task() noexcept;

  const vmm::GuestRam* ram_;
  vmm::VcpuView* vcpu_;
  const TaskLayout* task_;
  const hp_probe_page* page_;
  const PageHead* head_;
  std::optional<vmm::GuestWalk> walk_; /* once an address was asked for */
};

}  // namespace hp::linux_guest
