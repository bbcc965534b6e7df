/* Addresses of different spaces are different types: mixing them does not compile.
 *
 * Gva: a guest's virtual address, as its pointers hold it. Gpa: guest-physical, as memslots and page
 * tables hold it. Hva: an address in this process. In a process guest a Gva inside the guest's
 * arena equals the Hva by construction; the conversion is still spelt out where it is made. */
#pragma once
#include <compare>
#include <cstdint>

namespace hp {

template <class Tag>
struct Address {
  uint64_t value = 0;
  constexpr Address() = default;
  constexpr explicit Address(uint64_t v) : value(v) {}
  friend constexpr auto operator<=>(Address, Address) = default;
  constexpr Address operator+(uint64_t n) const { return Address(value + n); }
  constexpr uint64_t operator-(Address o) const { return value - o.value; }
  constexpr Address align_down(uint64_t a) const { return Address(value & ~(a - 1)); }
  constexpr Address align_up(uint64_t a) const { return Address((value + a - 1) & ~(a - 1)); }
};

using Gva = Address<struct GvaTag>;
using Gpa = Address<struct GpaTag>;
using Hva = Address<struct HvaTag>;

inline constexpr uint64_t kPageSize = 4096;
inline constexpr uint64_t kLargePageSize = 2ull << 20;

}  // namespace hp
