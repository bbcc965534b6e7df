/* Linux, Documentation/networking/tuntap.rst: without IFF_VNET_HDR, so that no header of the guest's reaches
 * the host's network stack. */
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include <cstring>

#include "virtio/net_backend.hpp"

namespace hp::virtio {
namespace {

class Tap final : public NetBackend {
 public:
  explicit Tap(Fd fd) : fd_(std::move(fd)) {}
  size_t receive(std::span<uint8_t> frame) noexcept override {
    for (;;) {
      const ssize_t n = ::read(fd_.get(), frame.data(), frame.size());
      if (n >= static_cast<ssize_t>(kMinFrame)) return static_cast<size_t>(n);
      if (n < 0 && errno != EINTR) {
        down_ = errno != EAGAIN; /* the interface was deleted */
        return 0;
      }
    }
  }
  bool send(std::span<const iovec> frame, size_t) noexcept override {
    ssize_t n;
    do n = ::writev(fd_.get(), frame.data(), static_cast<int>(frame.size()));
    while (n < 0 && errno == EINTR);
    waiting_ = n < 0 && errno == EAGAIN;
    return !waiting_; /* other failures: the interface is down, the frame is lost */
  }
  pollfd wait(bool input) noexcept override {
    const int events = (input && !down_ ? POLLIN : 0) | (waiting_ ? POLLOUT : 0);
    return {events ? fd_.get() : -1, static_cast<short>(events), 0};
  }

 private:
  Fd fd_;
  bool waiting_ = false, down_ = false;
};

}  // namespace

Result<std::unique_ptr<NetBackend>> open_tap(const std::string& interface) {
  ifreq request{};
  if (interface.empty() || interface.size() >= sizeof request.ifr_name)
    return fail("'" + interface + "' is no name of a network interface");
  Fd fd(::open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return fail_errno("cannot open /dev/net/tun (modprobe tun)");
  request.ifr_flags = IFF_TAP | IFF_NO_PI;
  std::memcpy(request.ifr_name, interface.data(), interface.size());
  if (::ioctl(fd.get(), TUNSETIFF, &request) != 0)
    return fail_errno("cannot use the tap interface " + interface + " (ip tuntap add " + interface +
                      " mode tap user $USER)");
  return std::make_unique<Tap>(std::move(fd));
}

}  // namespace hp::virtio
