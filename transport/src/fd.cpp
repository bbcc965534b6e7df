#include "transport/fd.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace hp {

void check_failed(const char* condition, const char* file, int line) noexcept {
  std::fprintf(stderr, "hyprobe: internal error: %s (%s:%d)\n", condition, file, line);
  std::abort();
}

Result<Fd> Fd::duplicate() const {
  int fd = ::fcntl(fd_, F_DUPFD_CLOEXEC, 0);
  if (fd < 0) return fail_errno("cannot duplicate a file descriptor");
  return Fd(fd);
}

Result<Mapping> Mapping::shared(int fd, size_t size, int prot) {
  void* p = ::mmap(nullptr, size, prot, MAP_SHARED, fd, 0);
  if (p == MAP_FAILED) return fail_errno("cannot map shared memory");
  return Mapping(p, size);
}

Result<Fd> make_memfd(const char* name, size_t size) {
  Fd fd(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd) return fail_errno("cannot create shared memory");
  if (::ftruncate(fd.get(), static_cast<off_t>(size)) != 0)
    return fail_errno("cannot size shared memory");
  return fd;
}

Result<Fd> make_sealed_memfd(const char* name, std::string_view bytes) {
  Fd fd = HP_TRY(make_memfd(name, bytes.size()));
  for (size_t at = 0; at < bytes.size();) {
    const ssize_t n =
        ::pwrite(fd.get(), bytes.data() + at, bytes.size() - at, static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return fail_errno("cannot fill shared memory");
    at += static_cast<size_t>(n);
  }
  if (::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0)
    return fail_errno("cannot seal shared memory");
  return fd;
}

Result<std::string> read_file(const std::string& path, size_t limit) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_errno("cannot open " + path);
  std::string out;
  struct stat status;
  if (::fstat(fd.get(), &status) == 0 && S_ISREG(status.st_mode))
    out.reserve(std::min(static_cast<size_t>(status.st_size), limit));
  char buf[65536];
  for (;;) {
    ssize_t n = ::read(fd.get(), buf, sizeof buf);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno("cannot read " + path);
    if (n == 0) return out;
    out.append(buf, static_cast<size_t>(n));
    if (out.size() > limit) return fail(path + ": larger than " + std::to_string(limit) + " bytes");
  }
}

namespace {
constexpr size_t kMaxFds = 16;
}

Result<size_t> send_with_fds(int sock, const void* data, size_t size, const int* fds, size_t nfds,
                             int flags) {
  HP_CHECK(nfds <= kMaxFds);
  alignas(cmsghdr) char control[CMSG_SPACE(kMaxFds * sizeof(int))] = {};
  iovec iov{const_cast<void*>(data), size};
  msghdr msg{};
  msg.msg_iov = &iov;
  msg.msg_iovlen = 1;
  if (nfds != 0) {
    msg.msg_control = control;
    msg.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
    cmsghdr* c = CMSG_FIRSTHDR(&msg);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(nfds * sizeof(int));
    std::memcpy(CMSG_DATA(c), fds, nfds * sizeof(int));
  }
  ssize_t n;
  do n = ::sendmsg(sock, &msg, flags | MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  if (n < 0) return fail_errno("cannot send over a socket");
  return static_cast<size_t>(n);
}

Result<size_t> recv_with_fds(int sock, void* data, size_t size, Fd* fds, size_t max_fds,
                             size_t* nfds, int flags) {
  alignas(cmsghdr) char control[CMSG_SPACE(kMaxFds * sizeof(int))];
  iovec iov{data, size};
  msghdr msg{};
  msg.msg_iov = &iov;
  msg.msg_iovlen = 1;
  msg.msg_control = control;
  msg.msg_controllen = sizeof control;
  ssize_t n;
  do n = ::recvmsg(sock, &msg, flags | MSG_CMSG_CLOEXEC);
  while (n < 0 && errno == EINTR);
  if (n < 0) return fail_errno("cannot receive from a socket");
  size_t count = 0;
  for (cmsghdr* c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    size_t k = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < k; i++) {
      int fd;
      std::memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof fd);
      if (count < max_fds)
        fds[count++] = Fd(fd);
      else
        ::close(fd);
    }
  }
  if (nfds) *nfds = count;
  return static_cast<size_t>(n);
}

}  // namespace hp
