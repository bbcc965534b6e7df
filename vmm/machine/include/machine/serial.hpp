/* Serial: a 16550A UART, the console of a guest from its first message on.
 *
 * Output goes to a Sink, input comes through receive(). As much of the chip as Linux's driver looks at: FIFOs,
 * loopback, the modem lines, interrupts by data, by an empty transmitter. Transmission takes no time, except
 * that the transmitter is not empty while the sink has no room: so a slow console slows the guest down
 * instead of losing its output. National Semiconductor PC16550D, 1995. Thread-safe. */
#pragma once
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "vmm/device.hpp"

namespace hp::machine {

class Serial final : public vmm::Device {
 public:
  static constexpr uint64_t kSize = 8;

  class Sink {
   public:
    virtual ~Sink() = default;
    virtual void put(char) noexcept = 0; /* never blocks; may drop what does not fit */
    virtual bool has_room() const noexcept = 0;
  };

  Serial(Sink& sink, vmm::InterruptLine& line) : sink_(sink), line_(line) {}

  /* Input for the guest; how much of it was taken. */
  size_t receive(std::string_view) noexcept;
  /* The sink has room again after it had none. */
  void sink_ready() noexcept;

  std::string_view name() const override { return "8250"; }
  void read(uint64_t offset, uint8_t* data, unsigned size) noexcept override;
  void write(uint64_t offset, const uint8_t* data, unsigned size) noexcept override;
  void reset() noexcept override;

 private:
  static constexpr size_t kFifo = 256; /* more than the chip's 16: fewer wake-ups of our own */
  uint8_t read_register(unsigned) noexcept;
  void write_register(unsigned, uint8_t) noexcept;
  void transmit(uint8_t) noexcept;
  uint8_t pending() const noexcept; /* the IIR's cause */
  uint8_t line_status() const noexcept;
  uint8_t modem_status() const noexcept;
  void update() noexcept;

  Sink& sink_;
  vmm::InterruptLine& line_;
  std::mutex mutex_;
  std::string input_;
  bool empty_pending_ = false; /* the transmitter became empty and nobody has seen it in the IIR */
  bool raised_ = false;
  uint8_t enable_ = 0, fifo_ = 0, line_control_ = 0, modem_control_ = 0, scratch_ = 0;
  uint16_t divisor_ = 12; /* 9600 baud; without effect */
};

}  // namespace hp::machine
