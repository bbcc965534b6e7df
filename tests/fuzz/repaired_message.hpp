/* What a fuzzer changed of a message (transport/trace.h) gets past its header: the checksum is made right, and if
 * `sound` magic, version (either of ours) and size too. */
#pragma once
#include <cstdint>
#include <cstring>

#include "transport/crc32c.hpp"
#include "transport/trace_messages.hpp"

namespace hp::test {

inline void repair(trace::Bytes& m, bool sound) {
  if (m.size() < HP_MSG_SIZE_1) return;
  hp_msg head;
  std::memcpy(&head, m.data(), HP_MSG_SIZE_1);
  if (sound) {
    head.magic = HP_MSG_MAGIC;
    head.version = head.version % 4 == 0 ? 1 : 2;
    head.size = static_cast<uint32_t>(m.size());
  }
  head.checksum = 0;
  std::memcpy(m.data(), &head, HP_MSG_SIZE_1);
  head.checksum = crc32c(m);
  std::memcpy(m.data(), &head, HP_MSG_SIZE_1);
}

}  // namespace hp::test
