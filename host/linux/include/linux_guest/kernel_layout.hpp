/* KernelLayout: what the host itself needs of a guest kernel's types, by its BTF: how many arguments tracepoints
 * have, and where structures keep what D's built-in variables ask for beyond the probe page.
 *
 * (What programs read themselves is the linker's: handler/core_types.hpp.) The BTF is the guest's word, checked by
 * libbpf and here; offsets that are wrong read other bytes of that guest. Immutable. */
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace hp::linux_guest {

/* Offsets in bytes. */
struct TaskLayout {
  uint32_t real_parent, tgid, cred, signal, fs; /* struct task_struct */
  uint32_t euid, egid;                          /* struct cred */
  uint32_t pids;                       /* struct signal_struct: struct pid * by enum pid_type */
  uint32_t pid_number;                 /* struct pid: in the first namespace */
  uint32_t pwd, root;                  /* struct fs_struct: struct path */
  uint32_t path_mount, path_dentry;    /* struct path */
  uint32_t dentry_parent, dentry_name; /* struct dentry; the name's pointer */
  uint32_t mount_mnt, mount_parent, mountpoint; /* struct mount */
  uint32_t mnt_root;                            /* struct vfsmount */
};

class KernelLayout {
 public:
  static constexpr size_t kMaxBtf = 64u << 20;
  /* Of BTF that makes no sense nothing is known; likewise of none. */
  explicit KernelLayout(std::string_view btf);

  /* Arguments of a tracepoint; what registers hold when it is not known. */
  uint32_t tracepoint_arguments(std::string_view name) const;
  /* nullptr: this kernel keeps something elsewhere. */
  const TaskLayout* task() const { return task_ ? &*task_ : nullptr; }

 private:
  std::map<std::string, uint32_t, std::less<>> arguments_;
  std::optional<TaskLayout> task_;
};

}  // namespace hp::linux_guest
