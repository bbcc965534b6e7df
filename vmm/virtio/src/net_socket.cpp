#include <endian.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "transport/unix_address.hpp"
#include "virtio/net_backend.hpp"

namespace hp::virtio {
namespace {

constexpr size_t kPrefix = 4; /* a frame's length */

class Socket final : public NetBackend {
 public:
  explicit Socket(Fd connected) : peer_(std::move(connected)), in_(kPrefix + kMaxFrame) {}
  Socket(Fd listener, std::string path)
      : listener_(std::move(listener)), path_(std::move(path)), in_(kPrefix + kMaxFrame) {}
  ~Socket() override {
    if (listener_) ::unlink(path_.c_str());
  }
  size_t receive(std::span<uint8_t> frame) noexcept override;
  bool send(std::span<const iovec> frame, size_t size) noexcept override;
  void flush() noexcept override { (void)drain(); }
  pollfd wait(bool input) noexcept override;

 private:
  bool connected() noexcept;
  void hang_up() noexcept;
  bool drain() noexcept;
  size_t take(std::span<uint8_t> frame) noexcept;

  Fd peer_, listener_;
  std::string path_; /* the listener's */
  std::vector<uint8_t>
      in_; /* a frame with its length, as far as it is here: have_ bytes, and more behind */
  size_t have_ = 0;
  std::vector<uint8_t> out_; /* of a frame, what the socket had no room for */
};

bool Socket::connected() noexcept {
  if (!peer_ && listener_)
    peer_.reset(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  return static_cast<bool>(peer_);
}

void Socket::hang_up() noexcept {
  peer_.reset();
  out_.clear();
  have_ = 0;
}

/* The frame at the beginning of in_; 0: it is not all here. */
size_t Socket::take(std::span<uint8_t> frame) noexcept {
  if (have_ < kPrefix) return 0;
  uint32_t size;
  std::memcpy(&size, in_.data(), kPrefix);
  size = be32toh(size);
  if (size < kMinFrame ||
      size > frame.size()) { /* no such frames: it is out of step, or no peer of ours */
    hang_up();
    return 0;
  }
  if (have_ < kPrefix + size) return 0;
  std::memcpy(frame.data(), in_.data() + kPrefix, size);
  have_ -= kPrefix + size;
  std::memmove(in_.data(), in_.data() + kPrefix + size, have_);
  return size;
}

size_t Socket::receive(std::span<uint8_t> frame) noexcept {
  for (;;) {
    if (const size_t size = take(frame)) return size;
    if (!connected()) return 0;
    const ssize_t n = ::recv(peer_.get(), in_.data() + have_, in_.size() - have_, MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return 0;
    if (n <= 0)
      hang_up();
    else
      have_ += static_cast<size_t>(n);
  }
}

/* True: nothing waits any more. */
bool Socket::drain() noexcept {
  while (!out_.empty()) {
    const ssize_t n = ::send(peer_.get(), out_.data(), out_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return false;
    if (n < 0)
      hang_up();
    else
      out_.erase(out_.begin(), out_.begin() + n);
  }
  return true;
}

bool Socket::send(std::span<const iovec> frame, size_t size) noexcept {
  if (!connected()) return true;
  if (!drain()) return false;
  const uint32_t prefix = htobe32(static_cast<uint32_t>(size));
  out_.resize(kPrefix + size);
  std::memcpy(out_.data(), &prefix, kPrefix);
  uint8_t* to = out_.data() + kPrefix;
  for (const iovec& b : frame) {
    std::memcpy(to, b.iov_base, b.iov_len);
    to += b.iov_len;
  }
  (void)drain(); /* what it does not take now waits in out_ */
  return true;
}

pollfd Socket::wait(bool input) noexcept {
  if (!peer_) return {listener_.get(), POLLIN, 0}; /* -1 where there is none */
  const int events = (input ? POLLIN : 0) | (out_.empty() ? 0 : POLLOUT);
  return {events ? peer_.get() : -1, static_cast<short>(events), 0};
}

/* Connected; or none, and errno says why. */
Fd connect_to(const sockaddr_un& address) {
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (fd && ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    fd.reset();
  return fd;
}

bool is_socket(const std::string& path) {
  struct stat st;
  return ::lstat(path.c_str(), &st) == 0 && S_ISSOCK(st.st_mode);
}

}  // namespace

std::unique_ptr<NetBackend> over_socket(Fd connected) {
  return std::make_unique<Socket>(std::move(connected));
}

/* Two who come at the same time must not both listen: each listens under a name of its own, and the one whose
 * link(2) finds the path free has it. */
Result<std::unique_ptr<NetBackend>> open_socket(const std::string& path) {
  const sockaddr_un address = HP_TRY(unix_address(path));
  const std::string own = path + "." + std::to_string(::getpid());
  const sockaddr_un own_address = HP_TRY(unix_address(own));
  Fd listener;
  for (int tries = 0; tries < 10; tries++) {
    if (Fd peer = connect_to(address)) return over_socket(std::move(peer));
    if (errno == ECONNREFUSED && is_socket(path))
      ::unlink(path.c_str()); /* of one who listened and is gone */
    else if (errno != ENOENT)
      return fail_errno("cannot connect to " + path);
    if (!listener) {
      listener.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      ::unlink(own.c_str());
      if (!listener ||
          ::bind(listener.get(), reinterpret_cast<const sockaddr*>(&own_address),
                 sizeof own_address) != 0 ||
          ::listen(listener.get(), 1) != 0)
        return fail_errno("cannot listen on " + own);
    }
    const int linked = ::link(own.c_str(), path.c_str());
    const int error = errno;
    if (linked == 0 || error != EEXIST) ::unlink(own.c_str());
    if (linked == 0) return std::make_unique<Socket>(std::move(listener), path);
    if (error != EEXIST) return fail_errno("cannot listen on " + path, error);
  }
  ::unlink(own.c_str());
  return fail("cannot connect to " + path + ", nor listen there");
}

}  // namespace hp::virtio
