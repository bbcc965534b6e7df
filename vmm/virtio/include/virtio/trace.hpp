/* TraceDevice: transport/trace.h's device. It carries messages between the guest's module and the host and
 * looks into none.
 *
 *     guest -> host   each chain of HP_QUEUE_TO_HOST is one message: TracePort::message()
 *     host -> guest   TraceLink::send() queues one; it goes into the next chain of HP_QUEUE_TO_GUEST
 *
 * While the port works on a message the guest's next ones wait in its own memory, so a guest that sends without
 * end costs its host one message's memory and its device thread's time. */
#pragma once
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "transport/trace.h"
#include "virtio/threaded_device.hpp"
#include "vmm/trace_port.hpp"

namespace hp::virtio {

class TraceDevice final : public ThreadedDevice, public vmm::TraceLink {
 public:
  /* The port outlives the device's transport, whose destruction is a last reset. port.message() and port.reset()
   * come from the device's thread, reset() where a driver had been there (DRIVER_OK). */
  static Result<std::unique_ptr<TraceDevice>> create(vmm::TracePort& port);

  /* Also false while no driver is there: what is queued when the device is reset is lost. */
  bool send(std::span<const uint8_t> message) noexcept override;
  /* hp_trace_config::vmid. Any thread. */
  void set_vmid(uint32_t vmid) noexcept;

  std::string_view name() const override { return "hyprobe-trace"; }
  uint32_t id() const override { return HP_VIRTIO_ID; }
  uint64_t features() const override { return 0; }
  std::span<const uint16_t> queue_sizes() const override;
  void read_config(uint64_t offset, std::span<uint8_t> data) noexcept override;

 private:
  TraceDevice(Fd kick, vmm::TracePort& port) : ThreadedDevice(std::move(kick)), port_(port) {}
  void activated() noexcept override;
  void process() noexcept override;
  void stopped() noexcept override;
  void receive() noexcept;
  void deliver() noexcept;

  vmm::TracePort& port_;
  Chain chain_;
  std::vector<uint8_t> message_; /* the guest's, being handed over */

  std::mutex mutex_; /* all below */
  hp_trace_config config_{HP_TRACE_OLDEST, 0, HP_TRACE_VERSION};
  std::deque<std::vector<uint8_t>> waiting_;
  size_t waiting_bytes_ = 0; /* at most kMaxQueued */
  bool active_ = false;
};

}  // namespace hp::virtio
