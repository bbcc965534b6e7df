#include "host/fleet_store.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstdlib>
#include <memory>
#include <vector>

namespace hp {
namespace {

constexpr std::string_view kTemporary = "temporary-", kElf = ".elf", kSegment = ".segment";

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};
struct Free {
  void operator()(char* text) const { std::free(text); }
};

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value && *value == '/' ? value : "";
}

/* The folder and those above it that are missing, 0700. */
Result<> make_folder(const std::string& path) {
  if (path.empty() || ::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  if (errno != ENOENT) return fail_errno("cannot create the folder " + path);
  HP_TRYV(make_folder(path.substr(0, path.rfind('/'))));
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return fail_errno("cannot create the folder " + path);
}

Result<> write_all(int fd, const void* data, size_t size, uint64_t at, const std::string& path) {
  const auto* bytes = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t n = ::pwrite(fd, bytes, size, static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return fail_errno("cannot write " + path, n == 0 ? ENOSPC : errno);
    bytes += n;
    size -= static_cast<size_t>(n);
    at += static_cast<uint64_t>(n);
  }
  return {};
}

/* Copies what is no hole and not zero; makes the target as large. Reads at most limit bytes. */
Result<> copy_used(int from, const std::string& from_name, int to, const std::string& to_name,
                   uint64_t limit) {
  struct stat st{};
  if (::fstat(from, &st) != 0) return fail_errno("cannot look at " + from_name);
  const auto size = static_cast<uint64_t>(st.st_size);
  if (size > FleetStore::kMaxSegmentSize)
    return fail(
        from_name + " is larger than " + std::to_string(FleetStore::kMaxSegmentSize) + " bytes",
        EFBIG);
  if (::ftruncate(to, st.st_size) != 0) return fail_errno("cannot size " + to_name);
  constexpr uint64_t chunk = 4096; /* a page */
  std::array<char, chunk> page{};
  uint64_t read = 0;
  for (uint64_t at = 0; at < size;) {
    const off_t data = ::lseek(from, static_cast<off_t>(at), SEEK_DATA);
    if (data < 0 && errno == ENXIO) break; /* the rest is a hole */
    if (data < 0) return fail_errno("cannot read " + from_name);
    const off_t hole = ::lseek(from, data, SEEK_HOLE);
    if (hole < 0 && errno == ENXIO) break;
    if (hole < 0) return fail_errno("cannot read " + from_name);
    const uint64_t end = std::min(static_cast<uint64_t>(hole), size);
    for (at = static_cast<uint64_t>(data); at < end;) {
      const ssize_t n = ::pread(from, page.data(), std::min(chunk - at % chunk, end - at),
                                static_cast<off_t>(at));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return fail_errno("cannot read " + from_name, n == 0 ? EIO : errno);
      const auto got = static_cast<size_t>(n);
      if ((read += got) > limit)
        return fail(from_name + " holds more than " + std::to_string(limit) + " bytes", EFBIG);
      if (std::any_of(page.data(), page.data() + got, [](char c) { return c != 0; }))
        HP_TRYV(write_all(to, page.data(), got, at, to_name));
      at += got;
    }
  }
  return {};
}

}  // namespace

std::string fleet_base_path(const std::string& socket_path) {
  if (const char* base = std::getenv("HYPROBE_BASE"); base && *base) return base;
  if (::geteuid() == 0) return "/var/lib/hyprobe";
  if (const std::string state = environment("XDG_STATE_HOME"); !state.empty())
    return state + "/hyprobe";
  if (const std::string home = environment("HOME"); !home.empty())
    return home + "/.local/state/hyprobe";
  const size_t slash = socket_path.rfind('/');
  return (slash == std::string::npos ? "." : socket_path.substr(0, slash)) + "/state";
}

/* A file under a temporary name, which goes unless it is given its own. */
class FleetStore::Temporary {
 public:
  static Result<Temporary> create(const FleetStore& store) {
    Temporary t(store);
    static uint64_t count = 0;
    do {
      t.name_ =
          std::string(kTemporary) + std::to_string(::getpid()) + "-" + std::to_string(++count);
      t.fd_ = Fd(::openat(store.folder_fd_.get(), t.name_.c_str(),
                          O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    } while (!t.fd_ && errno == EEXIST);
    if (!t.fd_) {
      t.name_.clear();
      return fail_errno("cannot create a file in " + store.folder_);
    }
    return t;
  }
  Temporary(Temporary&& o) noexcept
      : store_(o.store_), name_(std::exchange(o.name_, {})), fd_(std::move(o.fd_)) {}
  Temporary& operator=(Temporary&&) = delete;
  ~Temporary() {
    if (!name_.empty()) ::unlinkat(store_.folder_fd_.get(), name_.c_str(), 0);
  }
  int fd() const { return fd_.get(); }
  /* On the disk, under this name, before it returns. */
  Result<> publish(const std::string& name) {
    const int folder = store_.folder_fd_.get();
    if (::fsync(fd_.get()) != 0) return fail_errno("cannot write " + store_.path(name));
    if (::renameat(folder, name_.c_str(), folder, name.c_str()) != 0)
      return fail_errno("cannot rename a file to " + store_.path(name));
    name_.clear();
    if (::fsync(folder) != 0) {
      const int error = errno;
      ::unlinkat(folder, name.c_str(), 0);
      return fail_errno("cannot sync the folder " + store_.folder_, error);
    }
    return {};
  }

 private:
  explicit Temporary(const FleetStore& store) : store_(store) {}
  const FleetStore& store_;
  std::string name_;
  Fd fd_;
};

Result<FleetStore> FleetStore::open(const std::string& given) {
  std::string path = given;
  if (path.empty() || path[0] != '/') {
    std::array<char, PATH_MAX> here{};
    if (!::getcwd(here.data(), here.size())) return fail_errno("cannot find the current folder");
    path = std::string(here.data()) + "/" + path;
  }
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  HP_TRYV(make_folder(path));
  FleetStore store;
  store.folder_fd_ = Fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct stat st{};
  if (!store.folder_fd_ || ::fstat(store.folder_fd_.get(), &st) != 0)
    return fail_errno("cannot open the base folder " + path);
  if (st.st_uid != ::geteuid())
    return fail("the base folder " + path + " belongs to another user (uid " +
                    std::to_string(st.st_uid) +
                    "): choose another with --base, or change its owner",
                EPERM);
  if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return fail("others may write the base folder " + path +
                    ": chmod 700 it, after a look at what is in it",
                EPERM);
  const std::unique_ptr<char, Free> real(::realpath(path.c_str(), nullptr));
  if (!real) return fail_errno("cannot open the base folder " + path);
  store.folder_ = real.get();

  store.lock_ =
      Fd(::openat(store.folder_fd_.get(), "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!store.lock_) return fail_errno("cannot open the lock file " + store.path("lock"));
  while (::flock(store.lock_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) return fail_errno("cannot lock " + store.path("lock"));
    std::array<char, 16> pid{};
    const ssize_t n = ::pread(store.lock_.get(), pid.data(), pid.size() - 1, 0);
    std::string who(pid.data(), n > 0 ? static_cast<size_t>(n) : 0);
    who.erase(std::find_if(who.begin(), who.end(), [](char c) { return c < '0' || c > '9'; }),
              who.end());
    return fail("a coordinator runs already on the base folder " + store.folder_ +
                    (who.empty() ? "" : " (pid " + who + ")"),
                EWOULDBLOCK);
  }
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(store.lock_.get(), 0) != 0)
    return fail_errno("cannot write " + store.path("lock"));
  HP_TRYV(write_all(store.lock_.get(), pid.data(), pid.size(), 0, store.path("lock")));
  return store;
}

Result<Fd> FleetStore::open_file(const std::string& name, uint64_t max_size) const {
  Fd fd(::openat(folder_fd_.get(), name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat st{};
  if (!fd || ::fstat(fd.get(), &st) != 0) return fail_errno("cannot open " + path(name));
  if (!S_ISREG(st.st_mode)) return fail(path(name) + " is not a regular file", EBADMSG);
  if (st.st_uid != ::geteuid()) return fail(path(name) + " belongs to another user", EPERM);
  if (static_cast<uint64_t>(st.st_size) > max_size)
    return fail(path(name) + " is larger than " + std::to_string(max_size) + " bytes", EFBIG);
  return fd;
}

Result<> FleetStore::keep(const ProgramIdent& ident, std::string_view elf) {
  const std::string name = to_hex(ident) + std::string(kElf);
  Temporary file = HP_TRY(Temporary::create(*this));
  HP_TRYV(write_all(file.fd(), elf.data(), elf.size(), 0, path(name)));
  return file.publish(name);
}

Result<Object> FleetStore::elf(const ProgramIdent& ident) const {
  const std::string name = to_hex(ident) + std::string(kElf);
  const Fd fd = HP_TRY(open_file(name, Object::kMaxBytes));
  auto object = Object::read(fd.get());
  if (object) return object;
  const int code = object.error().code;
  return fail(path(name) + ": " + object.error().message, code == ENOEXEC ? EBADMSG : code);
}

bool FleetStore::has_elf(const ProgramIdent& ident) const {
  return ::faccessat(folder_fd_.get(), (to_hex(ident) + std::string(kElf)).c_str(), F_OK,
                     AT_SYMLINK_NOFOLLOW) == 0;
}

Result<> FleetStore::keep_segment(const ProgramIdent& ident, int fd, uint64_t data_limit) {
  const std::string name = to_hex(ident) + std::string(kSegment);
  Temporary file = HP_TRY(Temporary::create(*this));
  HP_TRYV(copy_used(fd, "the program segment", file.fd(), path(name), data_limit));
  return file.publish(name);
}

Result<Fd> FleetStore::segment(const ProgramIdent& ident) const {
  const std::string name = to_hex(ident) + std::string(kSegment);
  const Fd from = HP_TRY(open_file(name, kMaxSegmentSize));
  Fd to = HP_TRY(make_memfd("hyprobe-segment", 0));
  HP_TRYV(copy_used(from.get(), path(name), to.get(), "shared memory", kMaxSegmentData));
  if (::fcntl(to.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) != 0)
    return fail_errno("cannot seal the program segment");
  return to;
}

void FleetStore::remove(const ProgramIdent& ident) const {
  for (std::string_view suffix : {kElf, kSegment})
    ::unlinkat(folder_fd_.get(), (to_hex(ident) + std::string(suffix)).c_str(), 0);
  (void)::fsync(folder_fd_.get());
}

size_t FleetStore::sweep(const std::set<ProgramIdent>& known) const {
  /* A descriptor of its own: they share their position. */
  Fd fd(::openat(folder_fd_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const std::unique_ptr<DIR, CloseFolder> folder(fd ? ::fdopendir(fd.get()) : nullptr);
  if (!folder) return 0;
  (void)fd.release(); /* closedir closes it */
  std::vector<std::string> gone;
  while (const dirent* entry = ::readdir(folder.get())) {
    const std::string_view name = entry->d_name;
    const size_t dot = name.find('.');
    const std::string_view suffix = dot == std::string_view::npos ? "" : name.substr(dot);
    const auto ident = ident_from_hex(name.substr(0, dot));
    if (name.starts_with(kTemporary) ||
        (ident && (suffix == kElf || suffix == kSegment) && !known.contains(*ident)))
      gone.emplace_back(name);
  }
  for (const std::string& name : gone) ::unlinkat(folder_fd_.get(), name.c_str(), 0);
  if (!gone.empty()) (void)::fsync(folder_fd_.get());
  return gone.size();
}

}  // namespace hp
