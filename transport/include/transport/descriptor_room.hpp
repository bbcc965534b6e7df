/* DescriptorRoom: descriptors for a monitor whose guest has used up its RLIMIT_NOFILE.
 *
 *     Result<Fd> r = open_it();
 *     if (!r && r.error().code == EMFILE) {
 *       DescriptorRoom room;
 *       r = open_it();
 *     }
 *
 * While one exists the process's soft limit is the hard one, or more where the process may raise that
 * (CAP_SYS_RESOURCE). The limit counts when a number is given out, so what was opened stays. Other threads
 * see the raised limit for that moment, and one that sets it then, or has a room of its own that overlaps,
 * may leave it so. They nest. See getrlimit(2). */
#pragma once
#include <cstdint>

namespace hp {

class DescriptorRoom {
 public:
  DescriptorRoom();
  ~DescriptorRoom();
  DescriptorRoom(const DescriptorRoom&) = delete;
  DescriptorRoom& operator=(const DescriptorRoom&) = delete;

 private:
  uint64_t soft_, hard_;
};

}  // namespace hp
