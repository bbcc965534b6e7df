#include "transport/unix_address.hpp"

#include <sys/socket.h>

#include <cstring>

namespace hp {

Result<sockaddr_un> unix_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty()) return fail("the socket's path is empty");
  if (path.size() >= sizeof address.sun_path)
    return fail("the socket's path is longer than " + std::to_string(sizeof address.sun_path - 1) +
                " bytes: " + path);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

}  // namespace hp
