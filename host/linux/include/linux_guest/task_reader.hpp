/* TaskReader: what a guest's kernel keeps of the thread that fires, read from its structures when a clause asks.
 *
 * Every pointer is the guest's: loads go through the page tables, loops and texts are bounded, and what cannot be
 * read is not known (0, no text). For one firing. */
#pragma once
#include "linux_guest/kernel_layout.hpp"
#include "vmm/guest_walk.hpp"

namespace hp::linux_guest {

class TaskReader {
 public:
  static constexpr uint32_t kAncestors = 64;
  /* task: address of the task_struct. */
  TaskReader(vmm::GuestWalk& walk, const TaskLayout& layout, uint64_t task)
      : walk_(&walk), layout_(&layout), task_(task) {}

  int64_t identity(uint32_t what) noexcept; /* HP_ID_* */
  /* HP_TEXT_CWD or HP_TEXT_ROOT, no NUL; a path that is longer loses its beginning. */
  uint32_t path(uint32_t what, char* dst, uint32_t max) noexcept;
  /* Process ids: its own, its parent's, and so on. */
  uint32_t ancestors(int32_t (&pids)[kAncestors]) noexcept;

 private:
  struct Place { /* struct path */
    uint64_t mount = 0, dentry = 0;
    bool operator==(const Place&) const = default;
  };
  template <class T>
  T load(uint64_t address) noexcept;
  uint64_t pointer(uint64_t address) noexcept { return load<uint64_t>(address); }
  Place place(uint64_t address) noexcept;
  bool up(Place& p) noexcept;

  vmm::GuestWalk* walk_;
  const TaskLayout* layout_;
  uint64_t task_;
};

}  // namespace hp::linux_guest
