/* ConsoleDevice: a terminal line of the guest's, hvc0 there (virtio 1.2, 5.3; one port).
 *
 * The serial port costs an exit a character; this one costs a notification a write, and is for volume.
 *
 *     auto device = ConsoleDevice::create(HP_TRY(ConsoleEnds::file("web1.out")));
 *
 * What the guest reads comes from ends.input as fast as it gives buffers; what it writes goes to
 * ends.output. Linux's driver waits for that with a spinlock held, so an output that stalls stalls the
 * guest: a pseudo-terminal that nobody reads loses bytes instead (lost() counts them). */
#pragma once
#include <atomic>
#include <memory>
#include <string>

#include "virtio/threaded_device.hpp"

namespace hp::virtio {

/* Where the line leads. */
struct ConsoleEnds {
  Fd input;           /* none: the guest never reads anything */
  Fd output;          /* none: nobody sees what it writes */
  Fd held;            /* the slave of a pseudo-terminal: without one open, its master hangs up */
  bool loses = false; /* output is non-blocking, and what does not fit is lost */
  std::string path;   /* of the pseudo-terminal */

  static Result<ConsoleEnds> pty(); /* raw */
  static Result<ConsoleEnds> stdio();
  static Result<ConsoleEnds> file(const std::string& path); /* output only, appended to */
};

class ConsoleDevice final : public ThreadedDevice {
 public:
  static Result<std::unique_ptr<ConsoleDevice>> create(ConsoleEnds ends);

  const std::string& path() const { return ends_.path; }
  uint64_t lost() const { return lost_; } /* bytes */
  std::string_view name() const override { return "virtio-console"; }
  uint32_t id() const override;
  uint64_t features() const override { return 0; }
  std::span<const uint16_t> queue_sizes() const override;
  void read_config(uint64_t offset, std::span<uint8_t> data) noexcept override;

 private:
  ConsoleDevice(Fd kick, ConsoleEnds ends)
      : ThreadedDevice(std::move(kick)), ends_(std::move(ends)) {}
  void process() noexcept override;
  size_t watch(pollfd* fds) noexcept override;
  void receive() noexcept;
  bool transmit(std::span<const iovec> bytes) noexcept;

  ConsoleEnds ends_;
  Chain chain_;
  bool wants_input_ = false; /* the guest has buffers, and there was nothing to read */
  std::atomic<uint64_t> lost_ = 0;
};

}  // namespace hp::virtio
