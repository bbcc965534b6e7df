/* NetDevice: an Ethernet interface of the guest's (virtio 1.2, 5.1): one pair of queues, no offloads, so that each
 * chain is one frame that is ready to send behind a header that says nothing.
 *
 * Frames wait in the host while the guest has no buffers for them, and in the guest while the backend
 * cannot take them. A frame that does not fit the guest's buffer is dropped (dropped() counts). */
#pragma once
#include <array>
#include <atomic>
#include <memory>
#include <string_view>
#include <vector>

#include "virtio/net_backend.hpp"
#include "virtio/threaded_device.hpp"

namespace hp::virtio {

using MacAddress = std::array<uint8_t, 6>;
/* "52:54:00:12:34:56" */
Result<MacAddress> parse_mac(std::string_view text);
/* A locally administered one, always the same for a name. */
MacAddress mac_of_name(std::string_view name);

class NetDevice final : public ThreadedDevice {
 public:
  static Result<std::unique_ptr<NetDevice>> create(std::unique_ptr<NetBackend> backend,
                                                   const MacAddress& mac);

  uint64_t dropped() const { return dropped_; } /* frames for the guest */
  std::string_view name() const override { return "virtio-net"; }
  uint32_t id() const override;
  uint64_t features() const override;
  std::span<const uint16_t> queue_sizes() const override;
  void read_config(uint64_t offset, std::span<uint8_t> data) noexcept override;

 private:
  NetDevice(Fd kick, std::unique_ptr<NetBackend> backend, const MacAddress& mac)
      : ThreadedDevice(std::move(kick)),
        backend_(std::move(backend)),
        mac_(mac),
        frame_(NetBackend::kMaxFrame) {}
  void process() noexcept override;
  size_t watch(pollfd* fds) noexcept override;
  void stopped() noexcept override { frame_size_ = 0; }
  bool transmit() noexcept;
  bool receive() noexcept;

  std::unique_ptr<NetBackend> backend_;
  MacAddress mac_;
  Chain chain_;
  std::vector<uint8_t> frame_; /* frame_size_ bytes wait for a buffer of the guest's */
  size_t frame_size_ = 0;
  std::atomic<uint64_t> dropped_ = 0;
};

}  // namespace hp::virtio
