/* See execve(2). The rules for the first line of a script are those of Linux since 5.0: 256 bytes count,
 * an interpreter that may be cut off is an error, an argument that is cut off is not. */
#include "exec_plan.hpp"

#include <elf.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include <algorithm>
#include <climits>
#include <cstdio>
#include <cstring>

#include "elf_image.hpp"
#include "guest/guest_memory.hpp"
#include "transport/descriptor_room.hpp"

namespace hp::guest {

namespace {

constexpr size_t kLineBytes = 256;
constexpr int kScriptDepth = 5;
constexpr uint64_t kMaxString = 128 << 10; /* one argument, with its NUL */
constexpr uint64_t kMinLimit = 128 << 10;  /* of all strings together */
constexpr size_t kMaxStrings = 0x7fffffff / 16;

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

/* openat(2); the kernel needs no number for a program, so the limit on them does not count. */
int open_unlimited(int dirfd, const char* path, int flags) {
  int fd = openat(dirfd, path, flags);
  if (fd >= 0 || errno != EMFILE) return fd;
  DescriptorRoom room;
  return openat(dirfd, path, flags);
}

/* open(2) and the checks that the kernel makes on whatever it executes. */
int open_program(int dirfd, const std::string& path, int flags, Fd& file) {
  int follow = flags & AT_SYMLINK_NOFOLLOW ? O_NOFOLLOW : 0;
  int fd;
  if (path.empty() && (flags & AT_EMPTY_PATH)) {
    char self[32];
    snprintf(self, sizeof self, "/proc/self/fd/%d", dirfd);
    if (fcntl(dirfd, F_GETFD) < 0) return -EBADF;
    fd = open_unlimited(AT_FDCWD, self, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  } else {
    fd = open_unlimited(dirfd, path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | follow);
  }
  if (fd < 0) return errno == ENXIO || errno == ENODEV ? -EACCES : -errno;
  file.reset(fd);
  struct stat st;
  if (fstat(fd, &st) < 0) return -errno;
  if (!S_ISREG(st.st_mode)) return -EACCES;
  struct statvfs fs;
  if (fstatvfs(fd, &fs) == 0 && (fs.f_flag & ST_NOEXEC)) return -EACCES;
  if (syscall(SYS_faccessat2, fd, "", X_OK, AT_EACCESS | AT_EMPTY_PATH) < 0) {
    if (errno != ENOSYS && errno != EINVAL) return -errno;
    if (faccessat(dirfd, path.c_str(), X_OK, AT_EACCESS) < 0) return -errno;
  }
  return 0;
}

/* A program whose interpreter is missing must fail now, not after the old program is gone. */
int check_interpreter(int fd) {
  Elf64_Ehdr header;
  if (pread(fd, &header, sizeof header, 0) != sizeof header) return -ENOEXEC;
  for (unsigned i = 0; i < header.e_phnum; i++) {
    Elf64_Phdr segment;
    off_t at = static_cast<off_t>(header.e_phoff + i * sizeof segment);
    if (pread(fd, &segment, sizeof segment, at) != sizeof segment) return -ENOEXEC;
    if (segment.p_type != PT_INTERP) continue;
    if (segment.p_filesz < 2 || segment.p_filesz > PATH_MAX) return -ENOEXEC;
    std::string path(segment.p_filesz, 0);
    if (pread(fd, path.data(), path.size(), static_cast<off_t>(segment.p_offset)) !=
            static_cast<ssize_t>(path.size()) ||
        path.back() != 0)
      return -ENOEXEC;
    Fd interpreter;
    int err = open_program(AT_FDCWD, path.c_str(), 0, interpreter);
    if (err) return err;
    return check_elf(interpreter.get()) ? -ELIBBAD : 0;
  }
  return 0;
}

/* The kernel's bound on argument and environment strings: a quarter of the stack's limit, within
 * 128 KiB and 6 MiB, less the pointers to them. */
int check_sizes(const std::string& execfn, const std::vector<std::string>& argv,
                uint64_t envp_bytes, uint64_t envp_count) {
  rlimit stack{};
  getrlimit(RLIMIT_STACK, &stack);
  uint64_t limit = std::min<uint64_t>(stack.rlim_cur / 4, 6ull << 20);
  limit = std::max<uint64_t>(limit, kMinLimit);
  uint64_t pointers = (std::max<size_t>(argv.size(), 1) + envp_count) * sizeof(char*);
  uint64_t bytes = envp_bytes + execfn.size() + 1;
  for (const auto& s : argv) bytes += s.size() + 1;
  return pointers >= limit || bytes > limit - pointers ? -E2BIG : 0;
}

/* Since Linux 6.14 a process started from a descriptor is named after the file, not the number. */
std::string name_of_descriptor(const Fd& file, const std::string& execfn) {
  utsname u{};
  int major = 0, minor = 0;
  uname(&u);
  sscanf(u.release, "%d.%d", &major, &minor);
  if (major < 6 || (major == 6 && minor < 14)) return execfn;
  char link[32], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file.get());
  ssize_t n = readlink(link, path, sizeof path);
  if (n <= 0) return execfn;
  std::string name(path, static_cast<size_t>(n));
  constexpr std::string_view kGone = " (deleted)";
  if (name.ends_with(kGone)) name.resize(name.size() - kGone.size());
  return name;
}

}  // namespace

int parse_script_line(const std::string& text, ScriptLine& line) {
  if (!text.starts_with("#!")) return 1;
  /* What follows the file's end counts as NULs, which end words and the line's search alike. */
  size_t have = std::min(text.size(), kLineBytes - 1);
  std::string s = text.substr(0, have);
  bool whole = text.size() < kLineBytes;
  size_t end = s.find('\n');
  size_t nul = s.find('\0');
  if (nul != std::string::npos && (end == std::string::npos || nul < end)) end = nul;
  size_t begin = 2;
  if (end == std::string::npos) {
    while (begin < have && is_blank(s[begin])) begin++;
    if (begin == have) return -ENOEXEC;
    if (!whole && std::none_of(s.begin() + static_cast<long>(begin), s.end(), is_blank))
      return -ENOEXEC;
    end = have;
  }
  while (end > begin && is_blank(s[end - 1])) end--;
  while (begin < end && is_blank(s[begin])) begin++;
  if (begin == end) return -ENOEXEC;
  size_t word = begin;
  while (word < end && !is_blank(s[word])) word++;
  line.interpreter = s.substr(begin, word - begin);
  while (word < end && is_blank(s[word])) word++;
  line.argument = s.substr(word, end - word);
  return 0;
}

int plan_exec(int dirfd, const std::string& path, int flags, std::vector<std::string> argv,
              uint64_t envp_bytes, uint64_t envp_count, ExecPlan& plan) {
  if (flags & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW)) return -EINVAL;
  bool by_descriptor =
      path.empty() ? (flags & AT_EMPTY_PATH) != 0 : dirfd != AT_FDCWD && path[0] != '/';
  if (path.empty() && !by_descriptor) return -ENOENT;
  if (path.size() >= PATH_MAX) return -ENAMETOOLONG;
  int err = open_program(dirfd, path, flags, plan.file);
  if (err) return err;
  plan.execfn = path;
  /* Is the file out of an interpreter's reach, since its descriptor closes on exec? */
  bool unreachable = false;
  if (by_descriptor) {
    plan.execfn = "/dev/fd/" + std::to_string(dirfd) + (path.empty() ? "" : "/" + path);
    unreachable = (fcntl(dirfd, F_GETFD) & FD_CLOEXEC) != 0;
  }
  if (argv.empty()) argv.emplace_back();
  for (const auto& s : argv)
    if (s.size() >= kMaxString) return -E2BIG;
  err = check_sizes(plan.execfn, argv, envp_bytes, envp_count);
  if (err) return err;

  std::string comm =
      by_descriptor && path.empty() ? name_of_descriptor(plan.file, plan.execfn) : plan.execfn;
  plan.comm = comm.substr(comm.rfind('/') + 1).substr(0, 15);
  std::string name = plan.execfn;
  for (int depth = 0;; depth++) {
    std::string head(kLineBytes, 0);
    ssize_t n = pread(plan.file.get(), head.data(), head.size(), 0);
    if (n < 0) return -errno;
    head.resize(static_cast<size_t>(n));
    ScriptLine line;
    int script = parse_script_line(head, line);
    if (script < 0) return script;
    if (script > 0) break;
    if (unreachable) return -ENOENT;
    std::vector<std::string> words = {line.interpreter};
    if (!line.argument.empty()) words.push_back(line.argument);
    words.push_back(name);
    argv.erase(argv.begin());
    argv.insert(argv.begin(), words.begin(), words.end());
    err = check_sizes(plan.execfn, argv, envp_bytes, envp_count);
    if (err) return err;
    name = line.interpreter;
    err = open_program(AT_FDCWD, name, 0, plan.file);
    if (err) return err;
    if (depth == kScriptDepth) return -ELOOP;
  }
  err = check_elf(plan.file.get());
  if (err) return -err;
  err = check_interpreter(plan.file.get());
  if (err) return err;
  plan.argv = std::move(argv);
  return 0;
}

int read_exec_strings(uint64_t array, std::vector<std::string>& strings) {
  strings.clear();
  if (!array) return 0;
  std::vector<char> buffer(kMaxString + 1);
  uint64_t total = 0;
  for (;; array += sizeof(uint64_t)) {
    uint64_t at, size = 0;
    if (!GuestMemory::get(at, array)) return -EFAULT;
    if (!at) return 0;
    if (!GuestMemory::read_string(buffer.data(), at, buffer.size(), &size)) return -EFAULT;
    if (size >= kMaxString) return -E2BIG;
    total += size + 1 + sizeof(char*);
    if (total > (8ull << 20) || strings.size() >= kMaxStrings) return -E2BIG;
    strings.emplace_back(buffer.data(), size);
  }
}

}  // namespace hp::guest
