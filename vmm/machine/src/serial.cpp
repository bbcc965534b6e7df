#include "machine/serial.hpp"

#include <algorithm>
#include <cstring>

namespace hp::machine {

namespace {

enum Register : unsigned {
  Data,
  Enable,
  Identify,
  LineControl,
  ModemControl,
  LineStatus,
  ModemStatus,
  Scratch
};

constexpr uint8_t kDivisorAccess = 0x80;                                         /* LCR */
constexpr uint8_t kEnableData = 1, kEnableEmpty = 2;                             /* IER */
constexpr uint8_t kNothing = 1, kCauseEmpty = 2, kCauseData = 4, kFifoOn = 0xc0; /* IIR */
constexpr uint8_t kDataReady = 1, kHoldingEmpty = 0x20, kAllEmpty = 0x40;        /* LSR */
constexpr uint8_t kLoopback = 0x10;                                              /* MCR */

}  // namespace

uint8_t Serial::pending() const noexcept {
  if ((enable_ & kEnableData) != 0 && !input_.empty()) return kCauseData;
  if ((enable_ & kEnableEmpty) != 0 && empty_pending_) return kCauseEmpty;
  return kNothing;
}

void Serial::update() noexcept {
  const bool level = pending() != kNothing && (modem_control_ & kLoopback) == 0;
  if (level == raised_) return;
  raised_ = level;
  line_.set(level);
}

uint8_t Serial::line_status() const noexcept {
  const bool room = (modem_control_ & kLoopback) != 0 || sink_.has_room();
  return static_cast<uint8_t>((room ? kHoldingEmpty | kAllEmpty : 0) |
                              (input_.empty() ? 0 : kDataReady));
}

/* In loopback the chip's outputs are its inputs; else a peer that is there and ready. */
uint8_t Serial::modem_status() const noexcept {
  if ((modem_control_ & kLoopback) == 0) return 0xb0; /* DCD, DSR, CTS */
  const unsigned m = modem_control_;
  return static_cast<uint8_t>((m & 1) << 5 | (m & 2) << 3 | (m & 4) << 4 | (m & 8) << 4);
}

size_t Serial::receive(std::string_view text) noexcept {
  const std::lock_guard lock(mutex_);
  const size_t n = std::min(text.size(), kFifo - input_.size());
  input_.append(text.substr(0, n));
  update();
  return n;
}

void Serial::sink_ready() noexcept {
  const std::lock_guard lock(mutex_);
  empty_pending_ = true;
  update();
}

void Serial::transmit(uint8_t c) noexcept {
  if ((modem_control_ & kLoopback) != 0) {
    if (input_.size() < kFifo) input_ += static_cast<char>(c);
    return;
  }
  sink_.put(static_cast<char>(c));
  /* An interrupt that is already up stays: the guest looks at the IIR before the next edge matters. */
  empty_pending_ = sink_.has_room();
}

uint8_t Serial::read_register(unsigned which) noexcept {
  const bool divisor = (line_control_ & kDivisorAccess) != 0;
  switch (which) {
    case Data: {
      if (divisor) return static_cast<uint8_t>(divisor_);
      if (input_.empty()) return 0;
      const auto c = static_cast<uint8_t>(input_.front());
      input_.erase(0, 1);
      return c;
    }
    case Enable:
      return divisor ? static_cast<uint8_t>(divisor_ >> 8) : enable_;
    case Identify: {
      const uint8_t cause = pending();
      if (cause == kCauseEmpty) empty_pending_ = false;
      return static_cast<uint8_t>(cause | ((fifo_ & 1) != 0 ? kFifoOn : 0));
    }
    case LineControl:
      return line_control_;
    case ModemControl:
      return modem_control_;
    case LineStatus:
      return line_status();
    case ModemStatus:
      return modem_status();
    default:
      return scratch_;
  }
}

void Serial::write_register(unsigned which, uint8_t value) noexcept {
  const bool divisor = (line_control_ & kDivisorAccess) != 0;
  switch (which) {
    case Data:
      if (divisor)
        divisor_ = static_cast<uint16_t>((divisor_ & 0xff00) | value);
      else
        transmit(value);
      break;
    case Enable:
      if (divisor) {
        divisor_ = static_cast<uint16_t>((divisor_ & 0xff) | value << 8);
        break;
      }
      /* Enabling the interrupt while the transmitter is empty raises it. */
      if ((value & kEnableEmpty) != 0 && (enable_ & kEnableEmpty) == 0)
        empty_pending_ = sink_.has_room();
      enable_ = value & 0xf;
      break;
    case Identify: /* the FIFO control register */
      fifo_ = value;
      if ((value & 2) != 0) input_.clear();
      break;
    case LineControl:
      line_control_ = value;
      break;
    case ModemControl:
      modem_control_ = value & 0x1f;
      break;
    case Scratch:
      scratch_ = value;
      break;
    default:
      break;
  }
}

void Serial::read(uint64_t offset, uint8_t* data, unsigned size) noexcept {
  const std::lock_guard lock(mutex_);
  std::memset(data, 0xff, size);
  data[0] = read_register(static_cast<unsigned>(offset));
  update();
}

void Serial::write(uint64_t offset, const uint8_t* data, unsigned) noexcept {
  const std::lock_guard lock(mutex_);
  write_register(static_cast<unsigned>(offset), data[0]);
  update();
}

void Serial::reset() noexcept {
  const std::lock_guard lock(mutex_);
  input_.clear();
  empty_pending_ = false;
  enable_ = fifo_ = line_control_ = modem_control_ = scratch_ = 0;
  update();
}

}  // namespace hp::machine
