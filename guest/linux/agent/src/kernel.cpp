#include "agent/kernel.hpp"

#include <elf.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "transport/fd.hpp"

namespace hp::agent {
namespace {

constexpr size_t kMaxText = 64u << 20;

std::string first_line(const std::string& path) {
  auto text = read_file(path, 4096);
  return text ? text->substr(0, text->find('\n')) : std::string();
}

Result<std::string> read_at(int directory, const char* name) {
  Fd fd(::openat(directory, name, O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_errno(std::string("cannot open ") + name);
  return read_file("/proc/self/fd/" + std::to_string(fd.get()), kMaxText);
}

}  // namespace

std::string build_id(std::string_view notes) {
  constexpr std::string_view kGnu("GNU\0", 4);
  while (notes.size() >= sizeof(Elf64_Nhdr)) {
    Elf64_Nhdr head;
    std::memcpy(&head, notes.data(), sizeof head);
    notes.remove_prefix(sizeof head);
    const uint64_t name = (uint64_t{head.n_namesz} + 3) & ~3ull;
    const uint64_t size = (uint64_t{head.n_descsz} + 3) & ~3ull;
    if (name > notes.size() || size > notes.size() - name) break;
    if (head.n_type == NT_GNU_BUILD_ID && notes.substr(0, head.n_namesz) == kGnu) {
      static const char digits[] = "0123456789abcdef";
      std::string hex;
      for (char c : notes.substr(name, head.n_descsz)) {
        hex += digits[static_cast<uint8_t>(c) >> 4];
        hex += digits[c & 15];
      }
      return hex;
    }
    notes.remove_prefix(name + size);
  }
  return {};
}

trace::Hello describe_kernel(const std::string& root) {
  trace::Hello h;
  utsname u{};
  ::uname(&u);
  h.hostname = u.nodename;
  h.release = u.release;
  h.boot_id = first_line(root + "/proc/sys/kernel/random/boot_id");
  if (auto notes = read_file(root + "/sys/kernel/notes", 1u << 20)) h.build_id = build_id(*notes);
  h.cpus = static_cast<uint32_t>(std::max(::sysconf(_SC_NPROCESSORS_ONLN), 1L));
  return h;
}

Result<std::string> tracefs_file(const char* name, const std::string& root) {
  for (const char* place : {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"})
    if (auto text = read_file(root + place + "/" + name, kMaxText)) return text;
  if (!root.empty()) return fail("no tracefs in the tree", ENOENT);
  Fd context(::fsopen("tracefs", FSOPEN_CLOEXEC));
  if (!context) return fail_errno("cannot mount tracefs");
  if (::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0)
    return fail_errno("cannot mount tracefs");
  Fd mount(::fsmount(context.get(), FSMOUNT_CLOEXEC, 0));
  if (!mount) return fail_errno("cannot mount tracefs");
  return read_at(mount.get(), name);
}

Result<std::string> kernel_file(uint32_t kind, const std::string& root) {
  if (kind == HP_FILE_BTF) return read_file(root + "/sys/kernel/btf/vmlinux", kMaxText);
  std::string kallsyms = HP_TRY(read_file(root + "/proc/kallsyms", kMaxText));
  auto tracefs = [&](const char* name) { return tracefs_file(name, root).value_or(std::string()); };
  switch (kind) {
    case HP_FILE_SYMBOLS:
      return vmlinux_symbols(kallsyms, tracefs("available_filter_functions"));
    case HP_FILE_MODULES:
      return module_symbols(kallsyms, HP_TRY(read_file(root + "/proc/modules", kMaxText)),
                            tracefs("available_filter_functions"));
    case HP_FILE_TRACEPOINTS:
      return tracepoints(kallsyms, tracefs("available_events"));
    default:
      return fail("there is no such kind of file", EINVAL);
  }
}

}  // namespace hp::agent
