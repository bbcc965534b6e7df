#include "linux_guest/kernel_layout.hpp"

#include <bpf/btf.h>

#include <memory>

#include "transport/abi.h"

namespace hp::linux_guest {

namespace {

constexpr uint32_t kMaxArguments = sizeof(hp_probe_page{}.args) / sizeof(uint64_t);
constexpr uint32_t kInRegisters = 5; /* of six, the first is the tracepoint's own */
constexpr unsigned kMaxDepth = 8;    /* of anonymous structures */

struct FreeBtf {
  void operator()(btf* b) const { btf__free(b); }
};

class Types {
 public:
  explicit Types(btf* types) : btf_(types) {}

  /* Offset of a member in bytes, through anonymous structures; names of members within members by dots. */
  bool offset(const char* structure, std::string_view path, uint32_t& out) const {
    int id = btf__find_by_name_kind(btf_, structure, BTF_KIND_STRUCT);
    out = 0;
    while (id > 0) {
      const size_t dot = path.find('.');
      uint32_t bits = 0, type = 0;
      if (!member(static_cast<uint32_t>(id), path.substr(0, dot), bits, type, 0)) return false;
      out += bits / 8;
      if (dot == path.npos) return true;
      path.remove_prefix(dot + 1);
      id = btf__resolve_type(btf_, type);
    }
    return false;
  }

  /* Of the prototype behind typedef -> pointer -> function; nullopt: it is none such. */
  std::optional<uint32_t> parameters(const btf_type* t) const {
    t = btf__type_by_id(btf_, t->type);
    if (!t || !btf_is_ptr(t)) return std::nullopt;
    t = btf__type_by_id(btf_, t->type);
    if (!t || !btf_is_func_proto(t)) return std::nullopt;
    return btf_vlen(t);
  }

 private:
  bool member(uint32_t id, std::string_view name, uint32_t& bits, uint32_t& type,
              unsigned depth) const {
    const btf_type* t = btf__type_by_id(btf_, id);
    if (!t || !btf_is_composite(t) || depth > kMaxDepth) return false;
    const btf_member* m = btf_members(t);
    for (uint32_t i = 0; i < btf_vlen(t); ++i, ++m) {
      const char* given = btf__name_by_offset(btf_, m->name_off);
      const uint32_t here = bits + btf_member_bit_offset(t, i);
      if (given && *given != '\0') {
        if (name != given) continue;
        bits = here;
        type = m->type;
        return true;
      }
      uint32_t within = here;
      if (member(m->type, name, within, type, depth + 1)) {
        bits = within;
        return true;
      }
    }
    return false;
  }

  const btf* btf_;
};

std::optional<TaskLayout> task_layout(const Types& types) {
  TaskLayout l{};
  const struct {
    const char *structure, *path;
    uint32_t* to;
  } wanted[] = {
      {"task_struct", "real_parent", &l.real_parent},
      {"task_struct", "tgid", &l.tgid},
      {"task_struct", "cred", &l.cred},
      {"task_struct", "signal", &l.signal},
      {"task_struct", "fs", &l.fs},
      {"cred", "euid", &l.euid},
      {"cred", "egid", &l.egid},
      {"signal_struct", "pids", &l.pids},
      {"pid", "numbers", &l.pid_number}, /* whose first member is nr */
      {"fs_struct", "pwd", &l.pwd},
      {"fs_struct", "root", &l.root},
      {"path", "mnt", &l.path_mount},
      {"path", "dentry", &l.path_dentry},
      {"dentry", "d_parent", &l.dentry_parent},
      {"dentry", "d_name.name", &l.dentry_name},
      {"mount", "mnt", &l.mount_mnt},
      {"mount", "mnt_parent", &l.mount_parent},
      {"mount", "mnt_mountpoint", &l.mountpoint},
      {"vfsmount", "mnt_root", &l.mnt_root},
  };
  for (const auto& w : wanted)
    if (!types.offset(w.structure, w.path, *w.to)) return std::nullopt;
  return l;
}

}  // namespace

KernelLayout::KernelLayout(std::string_view text) {
  if (text.empty() || text.size() > kMaxBtf) return;
  const std::unique_ptr<btf, FreeBtf> parsed(
      btf__new(text.data(), static_cast<uint32_t>(text.size())));
  if (!parsed) return;
  const Types types(parsed.get());
  constexpr std::string_view kPrefix = "btf_trace_";
  for (uint32_t id = 1, n = btf__type_cnt(parsed.get()); id < n; ++id) {
    const btf_type* t = btf__type_by_id(parsed.get(), id);
    if (!t || !btf_is_typedef(t)) continue;
    const char* given = btf__name_by_offset(parsed.get(), t->name_off);
    const std::string_view name = given ? given : "";
    if (!name.starts_with(kPrefix)) continue;
    const auto count = types.parameters(t);
    if (!count || *count == 0) continue;
    arguments_.try_emplace(std::string(name.substr(kPrefix.size())),
                           std::min(*count - 1, kMaxArguments));
  }
  task_ = task_layout(types);
}

uint32_t KernelLayout::tracepoint_arguments(std::string_view name) const {
  const auto it = arguments_.find(name);
  return it != arguments_.end() ? it->second : kInRegisters;
}

}  // namespace hp::linux_guest
