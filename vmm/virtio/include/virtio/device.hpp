/* VirtioDevice: what a device is to its transport, whatever that is; and the other way round.
 *
 * A device says what it is (virtio 1.2, section 5); the transport has the registers, negotiates and owns the
 * queues' set-up. It calls activate() when the driver set DRIVER_OK and reset() when it wrote 0 to the
 * status, never two of these at once; from activate() until reset() returns the queues are the
 * device's. Chains that break the device's own rules it fails with Queue::fail(). */
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

#include "virtio/queue.hpp"

namespace hp::virtio {

/* What a device may ask of its transport, from any thread but one inside the transport's call. */
class Transport {
 public:
  virtual ~Transport() = default;
  virtual void interrupt() noexcept = 0; /* used buffers */
  virtual void config_changed() noexcept = 0;
  /* The driver broke a rule; why: a literal, for the log. */
  virtual void needs_reset(const char* why) noexcept = 0;
};

class VirtioDevice {
 public:
  virtual ~VirtioDevice() = default;
  virtual std::string_view name() const = 0; /* "virtio-blk" */
  virtual uint32_t id() const = 0;           /* VIRTIO_ID_* */
  /* The device's own bits; rings and version are the transport's affair. */
  virtual uint64_t features() const = 0;
  virtual std::span<const uint16_t> queue_sizes() const = 0; /* the most of each */
  /* Fills all of data; what is beyond the device's configuration with 0. Any thread. */
  virtual void read_config(uint64_t offset, std::span<uint8_t> data) noexcept = 0;
  virtual void write_config(uint64_t /*offset*/, std::span<const uint8_t> /*data*/) noexcept {}
  /* Once, before everything else; the transport outlives the device's activity. */
  virtual void attach(Transport&) noexcept = 0;
  /* One queue for each of queue_sizes(), not enabled where the driver left it out. */
  virtual void activate(std::span<Queue> queues, uint64_t features) noexcept = 0;
  /* queue became not enabled: when this returns, the device is not using it. Only while active. */
  virtual void disable(Queue& queue) noexcept = 0;
  /* Some queue has new chains. On vCPU threads, at any time, active or not: does not block. The same as adding
   * 1 to the eventfd, so that KVM can do it without us. */
  virtual void notify() noexcept = 0;
  virtual int notify_fd() const noexcept = 0;
  /* Stops what runs and forgets the driver. Also when it was not active. */
  virtual void reset() noexcept = 0;
};

/* read_config() of a configuration structure. */
inline void copy_config(std::span<const uint8_t> config, uint64_t offset, std::span<uint8_t> data) {
  for (uint8_t& to : data) {
    to = offset < config.size() ? config[offset] : 0;
    offset++;
  }
}

}  // namespace hp::virtio
