#include "exec.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <cstring>

#include "calls.hpp"
#include "elf_image.hpp"
#include "guest/guest_memory.hpp"
#include "signals.hpp"

namespace hp::guest {

namespace {

constexpr int kMaxInterpreters = 5;

Result<Fd> open_program(int dirfd, const std::string& path, int flags) {
  int nofollow = flags & AT_SYMLINK_NOFOLLOW ? O_NOFOLLOW : 0;
  Fd fd;
  if (path.empty() && (flags & AT_EMPTY_PATH))
    fd = Fd(open(("/proc/self/fd/" + std::to_string(dirfd)).c_str(), O_RDONLY | O_CLOEXEC));
  else
    fd = Fd(openat(dirfd, path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | nofollow));
  if (!fd) return fail_errno(path, errno);
  struct stat st;
  if (fstat(fd.get(), &st) != 0) return fail_errno(path, errno);
  if (!S_ISREG(st.st_mode)) return fail_errno(path, EACCES);
  if (faccessat(fd.get(), "", X_OK, AT_EMPTY_PATH | AT_EACCESS) != 0)
    return fail_errno(path, errno == EINVAL ? EACCES : errno);
  return fd;
}

/* Splits "#! interpreter [one argument]"; false if the line is not that. */
bool parse_shebang(const char* line, size_t size, std::string& interpreter, std::string& argument) {
  if (size < 3 || line[0] != '#' || line[1] != '!') return false;
  std::string text(line + 2, strnlen(line + 2, size - 2));
  text.resize(std::min(text.size(), text.find('\n')));
  auto trim = [](std::string& s) {
    s.erase(0, s.find_first_not_of(" \t"));
    s.erase(s.find_last_not_of(" \t") + 1);
  };
  trim(text);
  if (text.empty()) return false;
  size_t space = text.find_first_of(" \t");
  interpreter = text.substr(0, space);
  argument = space == std::string::npos ? "" : text.substr(space);
  trim(argument);
  return true;
}

bool read_pointers(uint64_t array, std::vector<uint64_t>& out, int64_t& error) {
  if (array == 0) return true;
  for (size_t i = 0;; ++i) {
    uint64_t p;
    if (!GuestMemory::get(p, array + 8 * i)) {
      error = -EFAULT;
      return false;
    }
    if (p == 0) return true;
    if (i > (1u << 20)) {
      error = -E2BIG;
      return false;
    }
    out.push_back(p);
  }
}

bool read_text(uint64_t at, std::string& out, size_t limit, int64_t& error, int64_t too_long) {
  std::string buffer(limit, '\0');
  uint64_t n;
  if (!GuestMemory::read_string(buffer.data(), at, limit, &n)) {
    error = -EFAULT;
    return false;
  }
  if (n + 1 >= limit) {
    error = too_long;
    return false;
  }
  out.assign(buffer.data(), n);
  return true;
}

}  // namespace

Result<ResolvedProgram> resolve_program(int dirfd, const std::string& path,
                                        std::vector<std::string> argv, int flags) {
  ResolvedProgram r;
  r.argv = std::move(argv);
  r.path = path;
  if (path.empty() && (flags & AT_EMPTY_PATH))
    r.path = "/dev/fd/" + std::to_string(dirfd);
  else if (dirfd != AT_FDCWD && !path.empty() && path[0] != '/')
    r.path = "/dev/fd/" + std::to_string(dirfd) + "/" + path;
  Fd fd = HP_TRY(open_program(dirfd, path, flags));
  std::string script = r.path;
  for (int depth = 0;; ++depth) {
    char line[256] = {};
    ssize_t n = pread(fd.get(), line, sizeof line - 1, 0);
    if (n < 0) return fail_errno(script, errno);
    std::string interpreter, argument;
    if (!parse_shebang(line, static_cast<size_t>(n), interpreter, argument)) break;
    if (depth >= kMaxInterpreters) return fail_errno(script, ELOOP);
    std::vector<std::string> next{interpreter};
    if (!argument.empty()) next.push_back(argument);
    next.push_back(script);
    if (!r.argv.empty()) next.insert(next.end(), r.argv.begin() + 1, r.argv.end());
    r.argv = std::move(next);
    fd = HP_TRY(open_program(AT_FDCWD, interpreter, 0));
    script = r.path = interpreter;
  }
  std::string why;
  if (int err = check_elf(fd.get(), &why)) return fail(script + ": " + why, err);
  r.file = std::move(fd);
  return r;
}

std::string find_in_path(const std::string& command) {
  if (command.find('/') != std::string::npos) return command;
  const char* path = getenv("PATH");
  std::string list = path ? path : "/bin:/usr/bin";
  for (size_t at = 0; at <= list.size();) {
    size_t end = std::min(list.find(':', at), list.size());
    std::string dir = list.substr(at, end - at);
    std::string candidate = (dir.empty() ? "." : dir) + "/" + command;
    struct stat st;
    if (stat(candidate.c_str(), &st) == 0 && S_ISREG(st.st_mode) &&
        access(candidate.c_str(), X_OK) == 0)
      return candidate;
    at = end + 1;
  }
  return "";
}

int64_t call_execve(GuestThread& t, const Syscall& s) {
  bool at = s.nr == SYS_execveat;
  const uint64_t* a = s.args + (at ? 1 : 0);
  int64_t error = 0;
  std::string path;
  if (!read_text(a[0], path, PATH_MAX + 1, error, -ENAMETOOLONG)) return error;
  std::vector<uint64_t> argv, envp;
  if (!read_pointers(a[1], argv, error) || !read_pointers(a[2], envp, error)) return error;
  std::vector<std::string> texts;
  for (uint64_t p : argv) {
    texts.emplace_back();
    if (!read_text(p, texts.back(), 128 << 10, error, -E2BIG)) return error;
  }
  if (texts.empty()) texts.emplace_back();
  auto program = resolve_program(at ? static_cast<int>(s.args[0]) : AT_FDCWD, path, texts,
                                 at ? static_cast<int>(s.args[4]) : 0);
  if (!program) return -program.error().code;

  /* Unlike the monitor's other descriptors this one must get through. */
  Fd file(fcntl(program->file.get(), F_DUPFD, 3));
  if (!file) return -errno;
  Process& p = t.process;
  char mask[24];
  std::snprintf(mask, sizeof mask, "%llx", static_cast<unsigned long long>(t.sigmask));
  std::vector<std::string> words{"hyprobe-guest",
                                 "--exec",
                                 mask,
                                 "--program-fd",
                                 std::to_string(file.get()),
                                 "--self",
                                 std::to_string(p.self_fd),
                                 "--gate",
                                 std::to_string(p.gate)};
  if (p.control_fd >= 0) {
    words.insert(words.end(), {"--control", std::to_string(p.control_fd), "--socket",
                               std::to_string(p.socket_fd)});
  }
  words.insert(words.end(), {"--", program->path});
  words.insert(words.end(), program->argv.begin(), program->argv.end());
  std::vector<const char*> pointers;
  for (const auto& w : words) pointers.push_back(w.c_str());
  pointers.push_back(nullptr);
  /* The environment goes as the guest holds it. */
  envp.push_back(0);
  /* Ignored faults must stay ignored in the new program. */
  uint64_t ignored = 0;
  for (int signo = 1; signo <= 32; ++signo)
    if ((kSyncSignals & signal_bit(signo)) && p.actions.of[signo].handler == 1)
      ignored |= signal_bit(signo);
  ignore_host_signals(ignored, true);
  long r = syscall(SYS_execveat, p.self_fd, "", pointers.data(), envp.data(), AT_EMPTY_PATH);
  int err = errno;
  ignore_host_signals(ignored, false);
  return r == -1 ? -err : r;
}

}  // namespace hp::guest
