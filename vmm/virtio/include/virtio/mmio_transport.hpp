/* MmioTransport: a virtio device at a guest-physical address (virtio 1.2, 4.2, register layout version 2).
 *
 *     MmioTransport at(ram, std::move(device), line, log);   // a vmm::Device of kSize bytes
 *
 * It holds what the driver tells by registers, negotiates features, hands the queues over at
 * DRIVER_OK, and owns the interrupt: the line is up while InterruptStatus is not 0. All values written are
 * guest-controlled. What a driver may not do at the time (2.1, 3.1) is ignored, so the register says
 * that it did not happen; queues that are not in RAM, and chains that break the rules, set
 * DEVICE_NEEDS_RESET with a configuration interrupt and a line for the log.
 *
 * Threading: as vmm::Device. A write of 0 to Status waits for the device's thread to end; others do not wait. */
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "virtio/device.hpp"
#include "vmm/device.hpp"

namespace hp::virtio {

class MmioTransport final : public vmm::Device, private Transport {
 public:
  static constexpr uint64_t kSize = 0x1000; /* bytes of guest-physical addresses */
  static constexpr uint64_t kQueueNotify =
      0x050; /* a write of 4 bytes here may go to notify_fd() instead */
  using Log = std::function<void(const std::string&)>; /* from any thread */

  /* ram and line outlive this, or its stop(). */
  MmioTransport(const vmm::GuestRam& ram, std::unique_ptr<VirtioDevice> device,
                vmm::InterruptLine& line, Log log = nullptr);
  ~MmioTransport() override;

  std::string_view name() const override { return device_->name(); }
  void read(uint64_t offset, uint8_t* data, unsigned size) noexcept override;
  void write(uint64_t offset, const uint8_t* data, unsigned size) noexcept override;
  void reset() noexcept override;
  /* reset(), for good: RAM and line are not used any more, and may go before this does. */
  void stop() noexcept;

  VirtioDevice& device() { return *device_; }
  /* The eventfd for KVM_IOEVENTFD at kQueueNotify, any value. */
  int notify_fd() const { return device_->notify_fd(); }

 private:
  struct QueueSetup {
    Queue::Layout layout;
    bool ready = false;
  };

  uint32_t read_register(uint64_t offset) noexcept;
  void write_register(uint64_t offset, uint32_t value) noexcept;
  void write_queue(QueueSetup&, uint64_t offset, uint32_t value) noexcept;
  void set_status(uint32_t value) noexcept;
  void activate() noexcept;
  void reset_locked() noexcept;
  void raise(uint32_t bits) noexcept;
  uint64_t offered() const;
  QueueSetup* selected();

  void interrupt() noexcept override;
  void config_changed() noexcept override;
  void needs_reset(const char* why) noexcept override;

  const vmm::GuestRam& ram_;
  std::unique_ptr<VirtioDevice> device_;
  vmm::InterruptLine& line_;
  Log log_;

  std::mutex mutex_; /* the driver's side: all below, up to queues_ */
  uint32_t device_features_sel_ = 0, driver_features_sel_ = 0, queue_sel_ = 0;
  uint64_t driver_features_ = 0;
  std::vector<QueueSetup> setup_;
  std::vector<Queue> queues_; /* the device's while active */
  bool stopped_ = false;

  std::atomic<uint32_t> status_ = 0; /* written with mutex_, but for DEVICE_NEEDS_RESET */
  std::atomic<uint32_t> generation_ = 0, complaints_ = 0;

  std::mutex interrupt_mutex_; /* taken last */
  uint32_t interrupt_status_ = 0;
};

}  // namespace hp::virtio
