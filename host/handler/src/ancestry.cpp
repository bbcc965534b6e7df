#include "handler/ancestry.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "handler/private_descriptors.hpp"

namespace hp::handler {

namespace {

/* proc(5): the state follows the command's closing parenthesis, the parent follows the state. */
int32_t parent_of(int32_t pid) noexcept {
  char path[32], text[512];
  std::snprintf(path, sizeof path, "/proc/%d/stat", pid);
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  const ssize_t n = ::read(fd, text, sizeof text - 1);
  ::close(fd);
  if (n <= 0) return 0;
  text[n] = '\0';
  const char* parenthesis = std::strrchr(text, ')');
  return parenthesis && std::strlen(parenthesis) > 4 ? std::atoi(parenthesis + 4) : 0;
}

}  // namespace

void Ancestry::read() noexcept {
  while (size_ < kMax && pids_[size_ - 1] > 1) {
    const int32_t parent = parent_of(pids_[size_ - 1]);
    if (parent <= 0) break;
    pids_[size_++] = parent;
  }
}

void Ancestry::refresh(uint64_t now, int keep) noexcept {
  const int32_t self = ::getpid(), parent = ::getppid();
  const bool same = size_ >= 2 && pids_[0] == self && pids_[1] == parent;
  if (same && now - read_at_ < kFresh) return;
  pids_[0] = self;
  pids_[1] = parent;
  size_ = parent > 0 ? 2 : 1;
  read_at_ = now;
  if (keep >= 0)
    with_private_descriptors(keep, [this] { read(); });
  else
    read();
}

}  // namespace hp::handler
