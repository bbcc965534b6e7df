/* RngDevice: entropy of the host's kernel, getrandom(2) (virtio 1.2, 5.4). */
#pragma once
#include <memory>

#include "virtio/threaded_device.hpp"

namespace hp::virtio {

class RngDevice final : public ThreadedDevice {
 public:
  /* Of one buffer at most so many bytes are filled, which the specification allows. */
  static constexpr uint64_t kMost = 64u << 10;
  static Result<std::unique_ptr<RngDevice>> create();

  std::string_view name() const override { return "virtio-rng"; }
  uint32_t id() const override;
  uint64_t features() const override { return 0; }
  std::span<const uint16_t> queue_sizes() const override;
  void read_config(uint64_t offset, std::span<uint8_t> data) noexcept override;

 private:
  explicit RngDevice(Fd kick) : ThreadedDevice(std::move(kick)) {}
  void process() noexcept override;
  Chain chain_;
};

}  // namespace hp::virtio
