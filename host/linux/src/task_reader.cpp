#include "linux_guest/task_reader.hpp"

#include <algorithm>
#include <cstring>

#include "transport/segment.h"

namespace hp::linux_guest {

template <class T>
T TaskReader::load(uint64_t address) noexcept {
  T value{};
  uint64_t bad;
  return walk_->read(&value, Gva(address), sizeof value, &bad) ? value : T{};
}

int64_t TaskReader::identity(uint32_t what) noexcept {
  enum { kGroup = 2, kSession = 3 }; /* PIDTYPE_PGID, PIDTYPE_SID */
  const auto of_cred = [&](uint32_t offset) -> int64_t {
    return load<uint32_t>(pointer(task_ + layout_->cred) + offset);
  };
  const auto of_signal = [&](unsigned type) -> int64_t {
    const uint64_t pid =
        pointer(pointer(task_ + layout_->signal) + layout_->pids + type * sizeof(uint64_t));
    return load<int32_t>(pid + layout_->pid_number);
  };
  switch (what) {
    case HP_ID_EUID:
      return of_cred(layout_->euid);
    case HP_ID_EGID:
      return of_cred(layout_->egid);
    case HP_ID_PGID:
      return of_signal(kGroup);
    case HP_ID_SID:
      return of_signal(kSession);
    default:
      return 0;
  }
}

uint32_t TaskReader::ancestors(int32_t (&pids)[kAncestors]) noexcept {
  uint32_t n = 0;
  for (uint64_t task = task_; task != 0 && n < kAncestors;) {
    const auto pid = load<int32_t>(task + layout_->tgid);
    if (pid <= 0) break; /* the idle thread, every process's last ancestor */
    if (n == 0 || pids[n - 1] != pid) pids[n++] = pid;
    const uint64_t parent = pointer(task + layout_->real_parent);
    if (parent == task) break;
    task = parent;
  }
  return n;
}

TaskReader::Place TaskReader::place(uint64_t address) noexcept {
  return {pointer(address + layout_->path_mount), pointer(address + layout_->path_dentry)};
}

/* From the root of a mounted file system to where it is mounted; false: there is nothing above. */
bool TaskReader::up(Place& p) noexcept {
  const uint64_t mount = p.mount - layout_->mount_mnt;
  const uint64_t parent = pointer(mount + layout_->mount_parent);
  if (parent == 0 || parent == mount) return false;
  p = {parent + layout_->mount_mnt, pointer(mount + layout_->mountpoint)};
  return true;
}

uint32_t TaskReader::path(uint32_t what, char* dst, uint32_t max) noexcept {
  constexpr unsigned kSteps = 256;
  const uint64_t fs = pointer(task_ + layout_->fs);
  if (fs == 0 || max == 0) return 0;
  Place at = place(fs + (what == HP_TEXT_CWD ? layout_->pwd : layout_->root));
  if (at.dentry == 0) return 0;
  const Place top = what == HP_TEXT_CWD ? place(fs + layout_->root) : Place{};
  uint32_t begin = max; /* the text grows from the end of dst */
  for (unsigned i = 0; i < kSteps && at.dentry != 0 && at != top; ++i) {
    if (at.dentry == pointer(at.mount + layout_->mnt_root)) {
      if (!up(at)) break;
      continue;
    }
    const uint64_t parent = pointer(at.dentry + layout_->dentry_parent);
    if (parent == at.dentry) break;
    char name[257] = "/";
    uint64_t length = 0, bad;
    if (!walk_->read_string(name + 1, Gva(pointer(at.dentry + layout_->dentry_name)),
                            sizeof name - 1, &length, &bad))
      return 0;
    const auto n = static_cast<uint32_t>(std::min<uint64_t>(length + 1, begin));
    begin -= n;
    std::memcpy(dst + begin, name + (length + 1 - n), n);
    at.dentry = parent;
  }
  if (begin == max) dst[--begin] = '/';
  std::memmove(dst, dst + begin, max - begin);
  return max - begin;
}

}  // namespace hp::linux_guest
