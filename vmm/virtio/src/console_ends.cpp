#include <fcntl.h>
#include <pty.h>

#include <array>

#include "virtio/console.hpp"

namespace hp::virtio {

Result<ConsoleEnds> ConsoleEnds::pty() {
  int master, slave;
  std::array<char, 64> name{};
  termios raw{};
  ::cfmakeraw(&raw);
  if (::openpty(&master, &slave, name.data(), &raw, nullptr) != 0)
    return fail_errno("cannot open a pseudo-terminal");
  ConsoleEnds ends;
  ends.output = Fd(master);
  ends.held = Fd(slave);
  for (const int fd : {master, slave}) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  ::fcntl(master, F_SETFL, O_RDWR | O_NONBLOCK);
  ends.input = HP_TRY(ends.output.duplicate());
  ends.loses = true;
  ends.path = name.data();
  return ends;
}

Result<ConsoleEnds> ConsoleEnds::stdio() {
  ConsoleEnds ends;
  ends.input = Fd(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0));
  ends.output = Fd(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0));
  if (!ends.output) return fail_errno("cannot use standard output for a console");
  return ends;
}

Result<ConsoleEnds> ConsoleEnds::file(const std::string& path) {
  ConsoleEnds ends;
  ends.output = Fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!ends.output) return fail_errno("cannot write a console's output to " + path);
  return ends;
}

}  // namespace hp::virtio
