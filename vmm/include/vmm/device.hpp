/* Device: what a machine puts at guest-physical or port addresses, and its interrupt line.
 *
 * Threading: read() and write() are called on vCPU threads, several at once: a device locks for itself and
 * does not block in them (what takes time goes to the device's own thread). Offset and data are
 * guest-controlled; size is 1, 2, 4 or 8 and offset + size within what the device claimed. */
#pragma once
#include <cstdint>
#include <functional>
#include <string_view>

namespace hp::vmm {

class Device {
 public:
  virtual ~Device() = default;
  virtual std::string_view name() const = 0; /* "virtio-blk", for messages and vmm probes */
  /* Fills all of data. */
  virtual void read(uint64_t offset, uint8_t* data, unsigned size) noexcept = 0;
  virtual void write(uint64_t offset, const uint8_t* data, unsigned size) noexcept = 0;
  /* As after power-on: the machine was reset. Nothing of the device runs when it returns. */
  virtual void reset() noexcept {}
};

/* An interrupt line of the machine's. Thread-safe, never blocks. A level line stays up until lowered. */
class InterruptLine {
 public:
  virtual ~InterruptLine() = default;
  virtual void set(bool level) noexcept = 0;
};

}  // namespace hp::vmm
