#include "transport/descriptor_room.hpp"

#include <sys/resource.h>

#include <algorithm>

namespace hp {

DescriptorRoom::DescriptorRoom() {
  constexpr rlim_t kPlenty = 1 << 16;
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  soft_ = limit.rlim_cur;
  hard_ = limit.rlim_max;
  limit.rlim_cur = limit.rlim_max = std::max<rlim_t>(hard_, kPlenty);
  if (setrlimit(RLIMIT_NOFILE, &limit) == 0) return;
  limit.rlim_cur = limit.rlim_max = hard_;
  setrlimit(RLIMIT_NOFILE, &limit);
}

DescriptorRoom::~DescriptorRoom() {
  rlimit limit = {soft_, hard_};
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace hp
