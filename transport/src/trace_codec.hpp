/* The frame that every message of trace.h has. Internal to trace_messages.cpp and trace_prepare.cpp. */
#pragma once
#include <cstring>
#include <type_traits>

#include "transport/trace_messages.hpp"

namespace hp::trace {

/* Bytes of the header. */
constexpr size_t header_size(uint32_t version) {
  return version == 1 ? HP_MSG_SIZE_1 : sizeof(hp_msg);
}

constexpr size_t align8(size_t n) {
  return (n + 7) & ~size_t{7};
}

/* Builds one message; fixed parts have sizes that are multiples of 8. */
class Builder {
 public:
  explicit Builder(hp_msg_type type, const Subject& about = {},
                   uint32_t version = HP_TRACE_VERSION);
  template <class T>
  Builder& put(const T& fixed) {
    static_assert(std::is_trivially_copyable_v<T> && sizeof(T) % 8 == 0);
    return bytes({reinterpret_cast<const uint8_t*>(&fixed), sizeof fixed});
  }
  /* Bytes of the fixed part, padded to a multiple of 8. */
  Builder& bytes(std::span<const uint8_t>);
  size_t size() const { return out_.size(); }
  /* Ends it. flags: HP_MSG_*. */
  Bytes finish(std::string_view text = {}, uint32_t flags = 0);

 private:
  hp_msg head_{};
  Bytes out_; /* room for the header, then what was put */
};

/* The next T of a fixed part, which is cut by it. */
template <class T>
bool take(std::span<const uint8_t>& from, T& to) {
  if (from.size() < sizeof(T)) return false;
  std::memcpy(&to, from.data(), sizeof(T));
  from = from.subspan(sizeof(T));
  return true;
}

/* The whole fixed part is a T. */
template <class T>
Result<T> only(const Message& m) {
  T value;
  std::span<const uint8_t> rest = m.fixed;
  if (!take(rest, value) || !rest.empty())
    return fail("a message of type " + std::to_string(m.type) + " with a wrong size");
  return value;
}

}  // namespace hp::trace
