/* NetBackend: where a network device's Ethernet frames go, without their FCS.
 *
 *     open_tap("tap0")           a tap interface of the host's, made by `ip tuntap add` or, with privileges, by this
 *     open_socket("/run/lan")    a stream of frames to one peer, each behind its length: 4 bytes, big endian, as
 *                                QEMU's `-netdev stream` has it. Connects to whoever listens there, else listens;
 *                                and listens again when the peer is gone
 *     over_socket(fd)            the same over a connected socket
 *
 * While there is no peer, what is sent is lost, as on a wire. Used by one thread, the device's. */
#pragma once
#include <poll.h>
#include <sys/uio.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "transport/fd.hpp"

namespace hp::virtio {

class NetBackend {
 public:
  static constexpr size_t kMaxFrame = 65535; /* bytes */
  static constexpr size_t kMinFrame = 14;    /* an Ethernet header */
  virtual ~NetBackend() = default;
  /* One frame and its size, kMinFrame or more; 0: there is none now. frame has kMaxFrame bytes. */
  virtual size_t receive(std::span<uint8_t> frame) noexcept = 0;
  /* False: not now, wait. */
  virtual bool send(std::span<const iovec> frame, size_t size) noexcept = 0;
  /* Sends what waits of frames that send() took. */
  virtual void flush() noexcept {}
  /* What to wait for: input (if it is wanted), or room. fd -1: nothing. Sends nothing itself: the frame that send()
   * refused for want of room would not be tried again. */
  virtual pollfd wait(bool input) noexcept = 0;
};

Result<std::unique_ptr<NetBackend>> open_tap(const std::string& interface);
Result<std::unique_ptr<NetBackend>> open_socket(const std::string& path);
std::unique_ptr<NetBackend> over_socket(Fd connected);

}  // namespace hp::virtio
