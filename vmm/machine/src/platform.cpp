#include "machine/platform.hpp"

#include <cstring>

#include "machine/acpi.hpp"

namespace hp::machine {

void ResetPort::read(uint64_t, uint8_t* data, unsigned size) noexcept {
  std::memset(data, 0, size); /* 8042: neither buffer is full */
}

void ResetPort::write(uint64_t, const uint8_t* data, unsigned) noexcept {
  const bool reset = kind_ == Keyboard ? data[0] == 0xfe : (data[0] & 6) == 6;
  if (reset) events_(GuestEvent::Reset);
}

namespace {
constexpr uint16_t kPowerButton = 1 << 8, kScienable = 1, kSleepEnable = 1 << 13;
constexpr uint16_t kSleepTypeShift = 10;
}  // namespace

void PowerManagement::update_sci() noexcept {
  sci_.set((status_ & enable_) != 0);
}

void PowerManagement::press_power_button() noexcept {
  const std::lock_guard lock(mutex_);
  status_ |= kPowerButton;
  update_sci();
}

bool PowerManagement::button_heard() noexcept {
  const std::lock_guard lock(mutex_);
  return (enable_ & kPowerButton) != 0;
}

uint8_t PowerManagement::byte(uint64_t offset) const noexcept {
  const uint16_t word = offset < 2 ? status_ : offset < 4 ? enable_ : control_;
  return static_cast<uint8_t>(word >> (offset % 2 * 8));
}

void PowerManagement::read(uint64_t offset, uint8_t* data, unsigned size) noexcept {
  const std::lock_guard lock(mutex_);
  for (unsigned i = 0; i < size; ++i) data[i] = byte(offset + i);
}

void PowerManagement::write(uint64_t offset, const uint8_t* data, unsigned size) noexcept {
  bool off = false;
  {
    const std::lock_guard lock(mutex_);
    for (unsigned i = 0; i < size; ++i) {
      const uint64_t at = offset + i;
      const auto bits = static_cast<uint16_t>(data[i] << (at % 2 * 8));
      const auto kept = static_cast<uint16_t>(at % 2 == 0 ? 0xff00 : 0x00ff);
      if (at < 2)
        status_ &= static_cast<uint16_t>(~bits); /* write one to clear */
      else if (at < 4)
        enable_ = static_cast<uint16_t>((enable_ & kept) | bits);
      else
        control_ = static_cast<uint16_t>((control_ & kept) | bits | kScienable);
    }
    off = (control_ & kSleepEnable) != 0 && (control_ >> kSleepTypeShift & 7) == kSleepTypeOff;
    control_ &= static_cast<uint16_t>(~kSleepEnable); /* write only */
    update_sci();
  }
  if (off) events_(GuestEvent::PowerOff);
}

void PowerManagement::reset() noexcept {
  const std::lock_guard lock(mutex_);
  status_ = enable_ = 0;
  control_ = kScienable;
  update_sci();
}

void Pvpanic::read(uint64_t, uint8_t* data, unsigned size) noexcept {
  std::memset(data, 0, size);
  data[0] = 1; /* the events that are understood: panicked */
}

void Pvpanic::write(uint64_t, const uint8_t* data, unsigned) noexcept {
  if ((data[0] & 1) != 0) events_(GuestEvent::Panic);
}

void Cmos::read(uint64_t offset, uint8_t* data, unsigned size) noexcept {
  std::memset(data, 0, size);
  /* Register B: 24 hours; D: the clock's battery is good; all else, "update in progress" too, is zero. */
  if (offset == 1) data[0] = index_ == 0xb ? 2 : index_ == 0xd ? 0x80 : 0;
}

void Cmos::write(uint64_t offset, const uint8_t* data, unsigned) noexcept {
  if (offset == 0) index_ = data[0] & 0x7f;
}

}  // namespace hp::machine
