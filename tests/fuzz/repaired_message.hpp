/* What a fuzzer changed of a message (transport/trace.h) gets past its header: the checksum is made right, and if
 * `sound` magic, version and size too. */
#pragma once
#include <cstdint>
#include <cstring>

#include "transport/crc32c.hpp"
#include "transport/trace_messages.hpp"

namespace hp::test {

inline void repair(trace::Bytes& m, bool sound) {
  if (m.size() < sizeof(hp_msg)) return;
  hp_msg head;
  std::memcpy(&head, m.data(), sizeof head);
  if (sound) {
    head.magic = HP_MSG_MAGIC;
    head.version = HP_TRACE_VERSION;
    head.size = static_cast<uint32_t>(m.size());
  }
  head.checksum = 0;
  std::memcpy(m.data(), &head, sizeof head);
  head.checksum = crc32c(m);
  std::memcpy(m.data(), &head, sizeof head);
}

}  // namespace hp::test
