/* kill_at: an LD_PRELOAD library that lets a process crash, or its disk fail, at a chosen call.
 *
 * Counts the calls that change what survives the process (writes, truncations, syncs, names of files below
 * $HP_KILL_BASE), those that change what guests see (writes to program segments), and frames (sendmsg, recvmsg that
 * brought bytes), from 1:
 *
 *     HP_KILL_AT=n HP_KILL_WHEN=before|after    SIGKILL before the n-th is carried out, or after
 *     HP_FAIL_AT=n HP_FAIL_WITH=errno           the n-th of those below the base fails (they alone are counted)
 *     HP_FAIL_FOR=m                             so do those after it, m in all (default 1; 0: all)
 *     HP_KILL_TRACE=file                        a line is appended for the n-th: "n before|after|failed call what"
 *
 * A SIGKILL loses no page that was written; $HP_KILL_DURABLE=folder goes further and keeps there what a loss of
 * power would leave of the base folder: contents as of the last fsync of each file, names as of the last fsync of
 * the folder. A test that puts this in place of the base folder has tested for all that was promised too early. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>

namespace {

namespace fs = std::filesystem;

unsigned long number_from(const char* name) {
  const char* text = std::getenv(name);
  return text ? std::strtoul(text, nullptr, 10) : 0;
}
std::string text_from(const char* name) {
  const char* text = std::getenv(name);
  return text ? text : "";
}

/* Made at the first call, for others of this process's libraries may write before our constructors run; never
 * destroyed, for they may after. */
struct Plan {
  unsigned long kill_at = number_from("HP_KILL_AT"), fail_at = number_from("HP_FAIL_AT");
  unsigned long fail_for = std::getenv("HP_FAIL_FOR") ? number_from("HP_FAIL_FOR") : 1;
  int fail_with = static_cast<int>(number_from("HP_FAIL_WITH"));
  bool after = text_from("HP_KILL_WHEN") == "after";
  std::string base = text_from("HP_KILL_BASE"), trace = text_from("HP_KILL_TRACE"),
              durable = text_from("HP_KILL_DURABLE");
  std::atomic<unsigned long> calls{0}, disk_calls{0};
};
Plan& plan() {
  static Plan* p = new Plan;
  return *p;
}

template <class F>
F real(const char* name) {
  return reinterpret_cast<F>(::dlsym(RTLD_NEXT, name));
}

std::string path_of(int fd) {
  char path[PATH_MAX];
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t n = ::readlink(link.c_str(), path, sizeof path);
  return n > 0 ? std::string(path, static_cast<size_t>(n)) : std::string();
}
std::string absolute(int directory, const char* path) {
  if (path[0] == '/') return path;
  return (directory == AT_FDCWD ? fs::current_path().string() : path_of(directory)) + "/" + path;
}
bool in_base(const std::string& path) {
  const std::string& base = plan().base;
  return !base.empty() && path.compare(0, base.size(), base) == 0 &&
         (path.size() == base.size() || path[base.size()] == '/');
}

void note(unsigned long n, const char* how, const char* call, const std::string& what) {
  const std::string& trace = plan().trace;
  if (trace.empty()) return;
  const std::string line = std::to_string(n) + " " + how + " " + call + " " + what + "\n";
  const long fd = ::syscall(SYS_open, trace.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::syscall(SYS_write, fd, line.data(), line.size());
  ::syscall(SYS_close, fd);
}

void die(unsigned long n, const char* call, const std::string& what) {
  note(n, plan().after ? "after" : "before", call, what);
  ::syscall(SYS_kill, ::getpid(), SIGKILL);
  for (;;) ::pause();
}

/* One call that counts. */
class Point {
 public:
  Point(const char* call, std::string what, bool on_disk)
      : call_(call), what_(std::move(what)), number_(++plan().calls) {
    const Plan& p = plan();
    if (number_ == p.kill_at && !p.after) die(number_, call_, what_);
    if (!on_disk || p.fail_at == 0) return;
    const unsigned long n = ++plan().disk_calls;
    fails_ = n >= p.fail_at && (p.fail_for == 0 || n < p.fail_at + p.fail_for);
    if (n == p.fail_at) note(n, "failed", call_, what_);
    if (fails_) errno = p.fail_with;
  }
  Point(const Point&) = delete;
  Point& operator=(const Point&) = delete;
  ~Point() {
    const int error = errno;
    if (number_ == plan().kill_at) die(number_, call_, what_);
    errno = error;
  }
  bool fails() const { return fails_; }

 private:
  const char* call_;
  std::string what_;
  unsigned long number_;
  bool fails_ = false;
};

/* --- what a loss of power would leave --- */

/* Which file it is, whatever its name; inode numbers alone are given again. Empty: no regular file. */
std::string identity(int at, const char* path, int flags) {
  struct statx st;
  if (::statx(at, path, flags, STATX_TYPE | STATX_INO | STATX_BTIME, &st) != 0 ||
      !S_ISREG(st.stx_mode))
    return {};
  return std::to_string(st.stx_ino) + "-" + std::to_string(st.stx_btime.tv_sec) + "-" +
         std::to_string(st.stx_btime.tv_nsec);
}
void keep_contents(int fd, const std::string& path) {
  const std::string file = identity(fd, "", AT_EMPTY_PATH);
  std::error_code error;
  if (!plan().durable.empty() && !file.empty())
    fs::copy_file(path, plan().durable + "/" + file, fs::copy_options::overwrite_existing, error);
}
/* Of the base folder, which is flat: a line "IDENTITY NAME" each. */
void keep_names() {
  if (plan().durable.empty()) return;
  const std::string names = plan().durable + "/names";
  std::string lines;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(plan().base, error))
    if (const std::string file = identity(AT_FDCWD, entry.path().c_str(), 0); !file.empty())
      lines += file + " " + entry.path().filename().string() + "\n";
  const long fd = ::syscall(SYS_open, (names + ".new").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  ::syscall(SYS_write, fd, lines.data(), lines.size());
  ::syscall(SYS_close, fd);
  ::syscall(SYS_rename, (names + ".new").c_str(), names.c_str());
}

/* --- the calls --- */

template <class Call>
auto on_descriptor(const char* name, int fd, Call call) -> decltype(call()) {
  const std::string path = path_of(fd);
  const bool counts = in_base(path), segment = path.find("/memfd:hyprobe-segment") == 0;
  if (!counts && !segment) return call();
  const Point point(name, fs::path(path).filename(), counts);
  if (point.fails()) return -1;
  return call();
}

/* Removing a name needs no room: it does not fail. */
template <class Call>
int on_name(const char* name, const std::string& path, Call call, bool may_fail = true) {
  if (!in_base(path)) return call();
  const Point point(name, fs::path(path).filename(), may_fail);
  return point.fails() ? -1 : call();
}

template <class Call>
int sync_of(const char* name, int fd, Call call) {
  return on_descriptor(name, fd, [&] {
    const int r = call();
    if (r != 0) return r;
    const std::string path = path_of(fd);
    if (path == plan().base)
      keep_names();
    else if (in_base(path))
      keep_contents(fd, path);
    return r;
  });
}

int open_in(int directory, const char* path, int flags, mode_t mode) {
  static const auto next = real<int (*)(int, const char*, int, ...)>("openat");
  auto call = [&] { return next(directory, path, flags, mode); };
  if (!(flags & (O_CREAT | O_TRUNC))) return call();
  const std::string whole = absolute(directory, path);
  struct stat st{};
  if (!(flags & O_TRUNC) && ::stat(whole.c_str(), &st) == 0) return call(); /* changes nothing */
  return on_name("open", whole, call);
}

mode_t mode_from(int flags, va_list arguments) {
  return flags & (O_CREAT | O_TMPFILE) ? static_cast<mode_t>(va_arg(arguments, unsigned)) : 0;
}

}  // namespace

extern "C" {

#define ON_DESCRIPTOR(RESULT, NAME, PARAMETERS, ARGUMENTS)                       \
  RESULT NAME PARAMETERS {                                                       \
    static const auto next = real<RESULT(*) PARAMETERS>(#NAME);                  \
    return on_descriptor(#NAME, fd, [&]() -> RESULT { return next ARGUMENTS; }); \
  }
ON_DESCRIPTOR(ssize_t, write, (int fd, const void* p, size_t n), (fd, p, n))
ON_DESCRIPTOR(ssize_t, pwrite, (int fd, const void* p, size_t n, off_t at), (fd, p, n, at))
ON_DESCRIPTOR(ssize_t, pwrite64, (int fd, const void* p, size_t n, off64_t at), (fd, p, n, at))
ON_DESCRIPTOR(ssize_t, writev, (int fd, const iovec* v, int n), (fd, v, n))
ON_DESCRIPTOR(ssize_t, pwritev, (int fd, const iovec* v, int n, off_t at), (fd, v, n, at))
ON_DESCRIPTOR(int, ftruncate, (int fd, off_t n), (fd, n))
ON_DESCRIPTOR(int, ftruncate64, (int fd, off64_t n), (fd, n))
ON_DESCRIPTOR(int, fallocate, (int fd, int mode, off_t at, off_t n), (fd, mode, at, n))
ON_DESCRIPTOR(int, fallocate64, (int fd, int mode, off64_t at, off64_t n), (fd, mode, at, n))
ON_DESCRIPTOR(int, posix_fallocate, (int fd, off_t at, off_t n), (fd, at, n))
#undef ON_DESCRIPTOR

int fsync(int fd) {
  static const auto next = real<int (*)(int)>("fsync");
  return sync_of("fsync", fd, [&] { return next(fd); });
}
int fdatasync(int fd) {
  static const auto next = real<int (*)(int)>("fdatasync");
  return sync_of("fdatasync", fd, [&] { return next(fd); });
}

int rename(const char* from, const char* to) {
  static const auto next = real<int (*)(const char*, const char*)>("rename");
  return on_name("rename", absolute(AT_FDCWD, to), [&] { return next(from, to); });
}
int renameat(int from_at, const char* from, int to_at, const char* to) {
  static const auto next = real<int (*)(int, const char*, int, const char*)>("renameat");
  return on_name("rename", absolute(to_at, to), [&] { return next(from_at, from, to_at, to); });
}
int unlink(const char* path) {
  static const auto next = real<int (*)(const char*)>("unlink");
  return on_name("unlink", absolute(AT_FDCWD, path), [&] { return next(path); }, false);
}
int remove(const char* path) {
  static const auto next = real<int (*)(const char*)>("remove");
  return on_name("remove", absolute(AT_FDCWD, path), [&] { return next(path); }, false);
}
int unlinkat(int at, const char* path, int flags) {
  static const auto next = real<int (*)(int, const char*, int)>("unlinkat");
  return on_name("unlink", absolute(at, path), [&] { return next(at, path, flags); }, false);
}
int mkdir(const char* path, mode_t mode) {
  static const auto next = real<int (*)(const char*, mode_t)>("mkdir");
  return on_name("mkdir", absolute(AT_FDCWD, path), [&] { return next(path, mode); });
}
int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_from(flags, arguments);
  va_end(arguments);
  return open_in(AT_FDCWD, path, flags, mode);
}
int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_from(flags, arguments);
  va_end(arguments);
  return open_in(AT_FDCWD, path, flags, mode);
}
int openat(int directory, const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_from(flags, arguments);
  va_end(arguments);
  return open_in(directory, path, flags, mode);
}
int openat64(int directory, const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_from(flags, arguments);
  va_end(arguments);
  return open_in(directory, path, flags, mode);
}

ssize_t sendmsg(int fd, const msghdr* message, int flags) {
  static const auto next = real<ssize_t (*)(int, const msghdr*, int)>("sendmsg");
  const Point point("sendmsg",
                    std::string(static_cast<const char*>(message->msg_iov[0].iov_base),
                                message->msg_iov[0].iov_len),
                    false);
  return next(fd, message, flags);
}
/* Only what brings bytes is a frame, and before it has come nothing can be told of it. */
ssize_t recvmsg(int fd, msghdr* message, int flags) {
  static const auto next = real<ssize_t (*)(int, msghdr*, int)>("recvmsg");
  const ssize_t n = next(fd, message, flags);
  if (n <= 0) return n;
  const Point point(
      "recvmsg",
      std::string(static_cast<const char*>(message->msg_iov[0].iov_base), static_cast<size_t>(n)),
      false);
  return n;
}

}  // extern "C"
