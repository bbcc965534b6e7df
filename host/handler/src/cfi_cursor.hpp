/* Bytes of a traced process, read in order through a small window. */
#pragma once
#include <cstdint>
#include <cstring>

#include "transport/guest_access.hpp"

namespace hp::handler {

class CfiCursor {
 public:
  /* [at, end) may be read; what fails makes good() false and reads as zero. */
  CfiCursor(GuestAccess& memory, uint64_t at, uint64_t end) : memory_(memory), at_(at), end_(end) {}
  bool good() const { return good_; }
  bool done() const { return !good_ || at_ >= end_; }
  uint64_t at() const { return at_; }
  void seek(uint64_t at) { at_ = at; }
  void limit(uint64_t end) { end_ = end; }

  template <class T>
  T get() {
    T value{};
    take(&value, sizeof value);
    return value;
  }
  uint64_t uleb() {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
      const auto byte = get<uint8_t>();
      if (shift < 64) value |= uint64_t{byte & 0x7fu} << shift;
      if (!(byte & 0x80)) return value;
    }
    good_ = false;
    return 0;
  }
  int64_t sleb() {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
      const auto byte = get<uint8_t>();
      if (shift < 64) value |= uint64_t{byte & 0x7fu} << shift;
      if (byte & 0x80) continue;
      if (shift + 7 < 64 && (byte & 0x40)) value |= ~uint64_t{0} << (shift + 7);
      return static_cast<int64_t>(value);
    }
    good_ = false;
    return 0;
  }
  void skip(uint64_t n) {
    if (n > end_ - at_ || at_ > end_)
      good_ = false;
    else
      at_ += n;
  }

 private:
  static constexpr uint64_t kWindow = 128;

  void take(void* to, size_t size) {
    if (!good_ || at_ > end_ || size > end_ - at_) {
      good_ = false;
      return;
    }
    if (at_ < window_ || at_ + size > window_ + filled_) fill();
    if (at_ + size > window_ + filled_) {
      good_ = false;
      return;
    }
    std::memcpy(to, bytes_ + (at_ - window_), size);
    at_ += size;
  }
  void fill() {
    window_ = at_;
    filled_ = end_ - at_ < kWindow ? end_ - at_ : kWindow;
    uint64_t bad = at_;
    if (memory_.read(bytes_, at_, filled_, &bad) != 0) {
      filled_ = bad > at_ && bad - at_ < filled_ ? bad - at_ : 0;
      if (filled_ != 0 && memory_.read(bytes_, at_, filled_, &bad) != 0) filled_ = 0;
    }
  }

  GuestAccess& memory_;
  uint64_t at_, end_, window_ = 0, filled_ = 0;
  bool good_ = true;
  uint8_t bytes_[kWindow];
};

}  // namespace hp::handler
