/* The small devices by which a guest tells its machine what is to become of it, and is asked to stop.
 *
 *     Resets   0x64 (8042 command FEh) and 0xcf9 (bits 1 and 2): reset
 *     Pm       ACPI PM1a registers: S5 is power-off; the power button raises the SCI
 *     Pvpanic  0x505: the guest's kernel has panicked
 *     Cmos     0x70/0x71: reads as a clock that stands still, so that nothing waits for one
 *
 * What they learn goes to one function, called on the vCPU's thread. Thread-safe. */
#pragma once
#include <atomic>
#include <functional>
#include <mutex>

#include "vmm/device.hpp"

namespace hp::machine {

enum class GuestEvent { Reset, PowerOff, Panic };
using GuestEvents = std::function<void(GuestEvent)>;

/* One instance per port; whichever value asks for a reset there. */
class ResetPort final : public vmm::Device {
 public:
  enum Kind { Keyboard /* 8042 at 0x64 */, Control /* 0xcf9 */ };
  ResetPort(Kind kind, const GuestEvents& events) : kind_(kind), events_(events) {}
  std::string_view name() const override { return kind_ == Keyboard ? "8042" : "reset"; }
  void read(uint64_t offset, uint8_t* data, unsigned size) noexcept override;
  void write(uint64_t offset, const uint8_t* data, unsigned size) noexcept override;

 private:
  Kind kind_;
  const GuestEvents& events_;
};

/* Fixed hardware of ACPI 6.4 section 4.8.3: PM1 status, enable (2 bytes each), control (2 bytes). */
class PowerManagement final : public vmm::Device {
 public:
  static constexpr uint64_t kSize = 6;
  PowerManagement(vmm::InterruptLine& sci, const GuestEvents& events)
      : sci_(sci), events_(events) {}
  /* Thread-safe: the user presses the button. */
  void press_power_button() noexcept;
  /* The guest has enabled the button: its kernel listens. */
  bool button_heard() noexcept;

  std::string_view name() const override { return "acpi-pm"; }
  void read(uint64_t offset, uint8_t* data, unsigned size) noexcept override;
  void write(uint64_t offset, const uint8_t* data, unsigned size) noexcept override;
  void reset() noexcept override;

 private:
  void update_sci() noexcept;
  uint8_t byte(uint64_t offset) const noexcept;

  vmm::InterruptLine& sci_;
  const GuestEvents& events_;
  std::mutex mutex_;
  uint16_t status_ = 0, enable_ = 0, control_ = 1 /* SCI_EN */;
};

class Pvpanic final : public vmm::Device {
 public:
  explicit Pvpanic(const GuestEvents& events) : events_(events) {}
  std::string_view name() const override { return "pvpanic"; }
  void read(uint64_t offset, uint8_t* data, unsigned size) noexcept override;
  void write(uint64_t offset, const uint8_t* data, unsigned size) noexcept override;

 private:
  const GuestEvents& events_;
};

class Cmos final : public vmm::Device {
 public:
  static constexpr uint64_t kSize = 2;
  std::string_view name() const override { return "cmos"; }
  void read(uint64_t offset, uint8_t* data, unsigned size) noexcept override;
  void write(uint64_t offset, const uint8_t* data, unsigned size) noexcept override;

 private:
  std::atomic<uint8_t> index_ = 0;
};

}  // namespace hp::machine
