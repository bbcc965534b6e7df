/* CRC-32C (Castagnoli, reflected polynomial 0x82f63b78), as iSCSI has it (RFC 3720, B.4): tells a damaged
 * message from a whole one. It keeps nobody from lying. */
#pragma once
#include <cstdint>
#include <span>

namespace hp {

/* crc: of what came before; 0 at the beginning. */
uint32_t crc32c(std::span<const uint8_t> bytes, uint32_t crc = 0) noexcept;

}  // namespace hp
