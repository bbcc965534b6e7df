#include "host/standard_descriptors.hpp"

#include <errno.h>
#include <fcntl.h>

namespace hp::host {

void occupy_standard_descriptors() {
  for (int fd = 0; fd <= 2; ++fd)
    if (::fcntl(fd, F_GETFD) < 0 && errno == EBADF)
      (void)!::open("/dev/null", (fd == 0 ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
}

}  // namespace hp::host
