#include "core_tokens.hpp"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include "descriptors.hpp"

namespace hp::guest {

namespace {

int spare_cores() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 0;
  return CPU_COUNT(&set) - 1;
}

int lock_byte(int fd, int byte, short type) {
  struct flock lock{};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = byte;
  lock.l_len = 1;
  return fcntl(fd, F_OFD_SETLK, &lock);
}

}  // namespace

bool CoreToken::take() {
  if (byte_ >= 0) return true;
  int cores = spare_cores();
  if (cores <= 0) return false;
  if (fd_ < 0) {
    int fd = open(file_, O_RDWR | O_CLOEXEC);
    if (fd < 0) return false;
    fd_ = place_descriptor(fd, true);
    if (fd_ < 0) return false;
  }
  for (int i = 0; i < cores; ++i)
    if (lock_byte(fd_, i, F_WRLCK) == 0) {
      byte_ = i;
      return true;
    }
  return false;
}

void CoreToken::give_back() {
  if (byte_ < 0) return;
  lock_byte(fd_, byte_, F_UNLCK);
  byte_ = -1;
}

void CoreToken::forget(bool close) {
  if (close && fd_ >= 0) release_descriptor(fd_);
  fd_ = byte_ = -1;
}

void CoreToken::drop() {
  give_back();
  if (fd_ >= 0) release_descriptor(fd_);
  fd_ = -1;
}

}  // namespace hp::guest
