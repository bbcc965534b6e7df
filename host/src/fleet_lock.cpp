#include "host/fleet_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

namespace hp {
namespace {

Result<> make_directory(const std::string& path) {
  if (path.empty() || path == "/") return {};
  if (::mkdir(path.c_str(), ::geteuid() == 0 ? 0755 : 0700) == 0) return {};
  if (errno == EEXIST) {
    struct stat st{};
    if (::stat(path.c_str(), &st) == 0 && S_ISDIR(st.st_mode)) return {};
    return fail(path + " is not a directory");
  }
  if (errno != ENOENT) return fail_errno("cannot create the directory " + path);
  HP_TRYV(make_directory(path.substr(0, path.rfind('/'))));
  if (::mkdir(path.c_str(), ::geteuid() == 0 ? 0755 : 0700) == 0 || errno == EEXIST) return {};
  return fail_errno("cannot create the directory " + path);
}

}  // namespace

Result<FleetLock> FleetLock::take(const std::string& socket_path) {
  size_t slash = socket_path.rfind('/');
  if (slash != std::string::npos) HP_TRYV(make_directory(socket_path.substr(0, slash)));
  FleetLock lock;
  lock.path_ = socket_path + ".lock";
  for (;;) {
    Fd fd(::open(lock.path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
    if (!fd) return fail_errno("cannot open the lock file " + lock.path_);
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EINTR) continue;
      if (errno != EWOULDBLOCK) return fail_errno("cannot lock " + lock.path_);
      char pid[16] = {};
      ssize_t n = ::pread(fd.get(), pid, sizeof pid - 1, 0);
      std::string who(pid, n > 0 ? static_cast<size_t>(n) : 0);
      while (!who.empty() && who.back() == '\n') who.pop_back();
      return fail("a coordinator runs already on " + socket_path +
                      (who.empty() ? "" : " (pid " + who + ")"),
                  EWOULDBLOCK);
    }
    /* The holder before us may have removed the file between our open and our lock. */
    struct stat ours{}, named{};
    if (::fstat(fd.get(), &ours) != 0 || ::stat(lock.path_.c_str(), &named) != 0 ||
        ours.st_ino != named.st_ino || ours.st_dev != named.st_dev)
      continue;
    std::string pid = std::to_string(::getpid()) + "\n";
    if (::ftruncate(fd.get(), 0) != 0 ||
        ::pwrite(fd.get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size()))
      return fail_errno("cannot write the lock file " + lock.path_);
    lock.fd_ = std::move(fd);
    return lock;
  }
}

void FleetLock::release() {
  if (!fd_) return;
  ::unlink(path_.c_str());
  fd_.reset();
}

}  // namespace hp
