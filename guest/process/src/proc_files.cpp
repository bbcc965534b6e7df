/* See proc(5) for the formats. */
#include "proc_files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "address_space.hpp"
#include "calls.hpp"
#include "guest/guest_memory.hpp"
#include "limits.hpp"
#include "transport/fd.hpp"

namespace hp::guest {

namespace {

int program_fd = -1;

/* Where a call has its directory (-1: the working directory) and its path. */
struct PathArguments {
  int directory, path;
};
PathArguments path_arguments(uint64_t nr) {
  switch (nr) {
    case SYS_open:
    case SYS_readlink:
    case SYS_stat:
    case SYS_lstat:
    case SYS_access:
      return {-1, 0};
    case SYS_openat:
    case SYS_openat2:
    case SYS_readlinkat:
    case SYS_newfstatat:
    case SYS_statx:
    case SYS_faccessat:
    case SYS_faccessat2:
      return {0, 1};
    default:
      return {-1, -1};
  }
}

struct Name {
  const char* text;
  ProcPath::Kind kind;
};
constexpr Name kNames[] = {{"exe", ProcPath::kExe},
                           {"maps", ProcPath::kMaps},
                           {"status", ProcPath::kStatus},
                           {"stat", ProcPath::kStat},
                           {"limits", ProcPath::kLimits}};

/* The quick no for nearly every path. */
bool may_be_ours(const char* path, uint64_t size) {
  return std::any_of(std::begin(kNames), std::end(kNames), [&](const Name& name) {
    size_t n = strlen(name.text);
    return size >= n && memcmp(path + size - n, name.text, n) == 0 &&
           (size == n || path[size - n - 1] == '/');
  });
}

std::string link_target(const std::string& link) {
  char target[PATH_MAX];
  ssize_t n = readlink(link.c_str(), target, sizeof target);
  return n > 0 ? std::string(target, static_cast<size_t>(n)) : std::string();
}

std::string slurp(const std::string& path) {
  std::string text;
  Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  char part[16 << 10];
  for (ssize_t n; fd && (n = read(fd.get(), part, sizeof part)) > 0;)
    text.append(part, static_cast<size_t>(n));
  return text;
}

/* Takes the next component off a path; collapses slashes and single dots. */
std::string take_component(const std::string& path, size_t& at) {
  for (;;) {
    while (at < path.size() && path[at] == '/') at++;
    size_t end = std::min(path.find('/', at), path.size());
    std::string word = path.substr(at, end - at);
    at = end;
    if (word != ".") return word;
  }
}

bool is_number(const std::string& s) {
  return !s.empty() && s.size() < 10 && s.find_first_not_of("0123456789") == std::string::npos;
}

ProcPath recognise(int dirfd, const std::string& path) {
  if (path[0] == '/') {
    if (path.compare(0, 6, "/proc/") != 0 && path[1] != '/') return {};
    return classify_proc_path(path, getpid());
  }
  std::string directory = dirfd == AT_FDCWD ? link_target("/proc/self/cwd")
                                            : link_target("/proc/self/fd/" + std::to_string(dirfd));
  if (directory.compare(0, 5, "/proc") != 0) return {};
  return classify_proc_path(directory + "/" + path, getpid());
}

GuestStatus status_of(GuestThread& t) {
  GuestStatus g;
  g.threads = t.process.threads;
  g.blocked = t.sigmask;
  std::lock_guard guard(t.process.actions.mutex);
  for (int signo = 1; signo <= kSignals; ++signo) {
    uint64_t handler = t.process.actions.of[signo].handler;
    if (handler == 1) g.ignored |= signal_bit(signo);
    if (handler > 1) g.caught |= signal_bit(signo);
  }
  return g;
}

/* Of another guest only the threads are known. */
GuestStatus status_of_other(const std::string& base, int64_t pid) {
  GuestStatus g;
  g.threads = 0;
  g.signals_known = false;
  std::unique_ptr<DIR, int (*)(DIR*)> tasks(opendir((base + "/task").c_str()), closedir);
  while (dirent* e = tasks ? readdir(tasks.get()) : nullptr)
    if (e->d_name[0] != '.' && !is_monitor_thread(pid, atoll(e->d_name))) ++g.threads;
  return g;
}

std::string corrected_text(GuestThread& t, const ProcPath& p) {
  std::string base = p.pid ? "/proc/" + std::to_string(p.pid) : "/proc/self";
  if (p.kind == ProcPath::kMaps) {
    auto [start, end] = t.process.space->brk_range();
    return correct_maps(slurp(base + "/maps"), start, end);
  }
  if (p.kind == ProcPath::kLimits) return correct_limits(slurp(base + "/limits"));
  GuestStatus status = p.pid ? status_of_other(base, p.pid) : status_of(t);
  return p.kind == ProcPath::kStatus ? correct_status(slurp(base + "/status"), status)
                                     : correct_stat(slurp(base + "/stat"), status);
}

/* An open(2) for reading of a file that is corrected as a whole. False: the guest may not have files of
 * this size (writing the copy would be its SIGXFSZ). */
bool open_copy(GuestThread& t, const ProcPath& p, uint64_t flags, int64_t& result) {
  std::string text = corrected_text(t, p);
  rlimit largest{};
  if (getrlimit(RLIMIT_FSIZE, &largest) == 0 && largest.rlim_cur < text.size()) return false;
  int fd = memfd_create("proc", flags & O_CLOEXEC ? MFD_CLOEXEC : 0);
  result = fd < 0 ? -errno : fd;
  if (fd < 0) return true;
  for (size_t done = 0; done < text.size();) {
    ssize_t n = write(fd, text.data() + done, text.size() - done);
    if (n <= 0) break;
    done += static_cast<size_t>(n);
  }
  lseek(fd, 0, SEEK_SET);
  return true;
}

std::string replace_line(const std::string& text, const char* key, const std::string& value) {
  size_t at = text.find(std::string("\n") + key + ":\t");
  if (at == std::string::npos) return text;
  at += strlen(key) + 3;
  return text.substr(0, at) + value + text.substr(std::min(text.find('\n', at), text.size()));
}

std::string mask_text(uint64_t mask) {
  char text[24];
  snprintf(text, sizeof text, "%016lx", mask);
  return text;
}

}  // namespace

void set_program_descriptor(int fd) {
  program_fd = fd;
}

bool is_monitor(int64_t pid) {
  std::string program = link_target("/proc/" + std::to_string(pid) + "/exe");
  return !program.empty() && program == link_target("/proc/self/exe");
}

bool is_monitor_thread(int64_t pid, int64_t tid) {
  /* Newer kernels give a process with a VM a worker thread of KVM's; the slot gate's helpers bear
   * this name. */
  std::string comm =
      slurp("/proc/" + std::to_string(pid) + "/task/" + std::to_string(tid) + "/comm");
  return comm == "kvm-nx-lpage-re\n" || comm == std::string(kHelperName) + "\n";
}

ProcPath classify_proc_path(const std::string& path, int64_t own_pid) {
  size_t at = 0;
  if (path.empty() || path[0] != '/' || take_component(path, at) != "proc") return {};
  std::string who = take_component(path, at);
  ProcPath result;
  if (is_number(who))
    result.pid = atol(who.c_str()) == own_pid ? 0 : atol(who.c_str());
  else if (who != "self" && who != "thread-self")
    return {};
  std::string what = take_component(path, at);
  bool of_task = what == "task" && is_number(take_component(path, at));
  if (of_task) what = take_component(path, at);
  if (!take_component(path, at).empty()) return {};
  for (const Name& name : kNames)
    if (what == name.text) result.kind = name.kind;
  /* Mappings of other processes stay as they are, and what single threads say of themselves. */
  if (result.kind == ProcPath::kMaps && result.pid != 0) result.kind = ProcPath::kNone;
  bool per_process = result.kind == ProcPath::kStatus || result.kind == ProcPath::kStat;
  if (per_process && (of_task || who == "thread-self")) result.kind = ProcPath::kNone;
  return result;
}

std::string correct_maps(const std::string& maps, uint64_t brk_start, uint64_t brk) {
  std::string kept;
  for (size_t at = 0; at < maps.size();) {
    size_t end = std::min(maps.find('\n', at), maps.size() - 1) + 1;
    std::string line = maps.substr(at, end - at);
    at = end;
    uint64_t low = 0, high = 0;
    sscanf(line.c_str(), "%lx-%lx", &low, &high);
    bool kernels = line.find(" [vdso]") != std::string::npos ||
                   line.find(" [vvar") != std::string::npos ||
                   line.find(" [vsyscall]") != std::string::npos;
    if (!kernels && !in_arena(low, high - low)) continue;
    bool named = line.find('/') != std::string::npos || line.find('[') != std::string::npos;
    if (!named && low < brk && high > brk_start) {
      line.resize(line.find_last_not_of(" \n") + 1);
      line.resize(std::max<size_t>(line.size(), 73), ' ');
      line += "[heap]\n";
    }
    kept += line;
  }
  return kept;
}

std::string correct_status(const std::string& status, const GuestStatus& g) {
  std::string text = replace_line(status, "Threads", std::to_string(g.threads));
  if (!g.signals_known) return text;
  text = replace_line(text, "SigBlk", mask_text(g.blocked));
  text = replace_line(text, "SigIgn", mask_text(g.ignored));
  return replace_line(text, "SigCgt", mask_text(g.caught));
}

std::string correct_stat(const std::string& stat, const GuestStatus& g) {
  /* The name, field 2, may hold anything; fields are numbered from 1. */
  size_t at = stat.rfind(')');
  if (at == std::string::npos) return stat;
  std::string text = stat.substr(0, at + 1);
  std::vector<std::string> fields;
  for (at += 2; at < stat.size();) {
    size_t end = std::min(stat.find_first_of(" \n", at), stat.size());
    fields.push_back(stat.substr(at, end - at));
    at = end + 1;
  }
  auto set = [&](size_t number, uint64_t value) {
    if (number - 3 < fields.size()) fields[number - 3] = std::to_string(value);
  };
  set(20, static_cast<uint64_t>(g.threads));
  if (g.signals_known) { /* 1 to 31 have room here */
    set(32, g.blocked & 0x7fffffff);
    set(33, g.ignored & 0x7fffffff);
    set(34, g.caught & 0x7fffffff);
  }
  for (const auto& f : fields) text += " " + f;
  return text + "\n";
}

std::string program_of(int64_t pid) {
  std::string base = "/proc/" + std::to_string(pid);
  if (!is_monitor(pid)) return "";
  std::string stat = slurp(base + "/stat");
  size_t at = stat.rfind(')');
  for (int field = 2; field < 26 && at != std::string::npos; field++) at = stat.find(' ', at + 1);
  if (at == std::string::npos) return "";
  uint64_t code = strtoull(stat.c_str() + at, nullptr, 10);
  std::string maps = slurp(base + "/maps");
  for (size_t line = 0, next; line < maps.size(); line = next) {
    next = std::min(maps.find('\n', line), maps.size() - 1) + 1;
    uint64_t low = 0, high = 0;
    sscanf(maps.c_str() + line, "%lx-%lx", &low, &high);
    if (code < low || code >= high) continue;
    size_t name = maps.find('/', line);
    return name < next ? maps.substr(name, next - 1 - name) : "";
  }
  return "";
}

std::string translate_path(int dirfd, const std::string& path) {
  if (path.empty() || !may_be_ours(path.data(), path.size())) return path;
  ProcPath p = recognise(dirfd, path);
  if (p.kind != ProcPath::kExe) return path;
  if (p.pid == 0) return "/proc/self/fd/" + std::to_string(program_fd);
  std::string other = program_of(p.pid);
  return other.empty() ? path : other;
}

bool correct_path_call(GuestThread& t, const Syscall& s, int64_t& result) {
  PathArguments where = path_arguments(s.nr);
  if (where.path < 0) return false;
  char path[256];
  uint64_t size = 0;
  if (!GuestMemory::read_string(path, s.args[where.path], sizeof path, &size) || size == 0 ||
      !may_be_ours(path, size))
    return false;
  int dirfd = where.directory < 0 ? AT_FDCWD : static_cast<int>(s.args[where.directory]);
  ProcPath p = recognise(dirfd, path);
  if (p.kind == ProcPath::kNone) return false;
  if (p.kind != ProcPath::kExe) {
    uint64_t flags = s.args[where.path + 1];
    bool reads = (s.nr == SYS_open || s.nr == SYS_openat) &&
                 (flags & (O_ACCMODE | O_PATH | O_DIRECTORY)) == O_RDONLY;
    if (!reads || (p.pid != 0 && !is_monitor(p.pid))) return false;
    return open_copy(t, p, flags, result);
  }
  std::string file = translate_path(dirfd, path);
  if (file == path) return false;
  if (p.pid != 0 && (s.nr == SYS_readlink || s.nr == SYS_readlinkat)) {
    /* Another process's program: there is no link to read, so this is its text. */
    auto room = static_cast<int32_t>(s.args[where.path + 2]);
    size_t n = std::min<size_t>(file.size(), static_cast<size_t>(std::max(room, 0)));
    if (room <= 0)
      result = -EINVAL;
    else
      result = GuestMemory::write(s.args[where.path + 1], file.data(), n) ? static_cast<int64_t>(n)
                                                                          : -EFAULT;
    return true;
  }
  /* The kernel reads the path from this process's memory, which the monitor's is as well. */
  Syscall call = s;
  call.args[where.path] = reinterpret_cast<uint64_t>(file.c_str());
  result = forward(t, call);
  return true;
}

}  // namespace hp::guest
