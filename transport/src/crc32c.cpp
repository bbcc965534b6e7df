#include "transport/crc32c.hpp"

#include <array>
#include <cstddef>
#include <cstring>

namespace hp {
namespace {

/* kTables[k][b]: what byte b does to the sum k bytes later; eight bytes are taken at a time. */
using Tables = std::array<std::array<uint32_t, 256>, 8>;
constexpr Tables make_tables() {
  Tables t{};
  for (uint32_t b = 0; b < 256; b++) {
    uint32_t c = b;
    for (int i = 0; i < 8; i++) c = c >> 1 ^ (c & 1 ? 0x82f63b78u : 0);
    t[0][b] = c;
  }
  for (size_t k = 1; k < 8; k++)
    for (size_t b = 0; b < 256; b++) t[k][b] = t[k - 1][b] >> 8 ^ t[0][t[k - 1][b] & 255];
  return t;
}
constexpr Tables kTables = make_tables();

}  // namespace

uint32_t crc32c(std::span<const uint8_t> bytes, uint32_t crc) noexcept {
  crc = ~crc;
  for (; bytes.size() >= 8; bytes = bytes.subspan(8)) {
    uint64_t v;
    std::memcpy(&v, bytes.data(), sizeof v);
    v ^= crc;
    crc = 0;
    for (size_t i = 0; i < 8; i++) crc ^= kTables[7 - i][v >> (8 * i) & 255];
  }
  for (uint8_t b : bytes) crc = crc >> 8 ^ kTables[0][(crc ^ b) & 255];
  return ~crc;
}

}  // namespace hp
