#include "host/service_manager.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>

#include <cstdlib>

namespace hp::service_manager {
namespace {

/* Empty: it has none, or an abstract one. */
std::string bound_path(int fd) {
  sockaddr_un address{};
  socklen_t size = sizeof address;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return {};
  if (size <= offsetof(sockaddr_un, sun_path)) return {};
  const char* path = static_cast<const char*>(address.sun_path);
  return {path, ::strnlen(path, size - offsetof(sockaddr_un, sun_path))};
}

}  // namespace

Inherited take_inherited() {
  Inherited in;
  char** names = nullptr;
  const int n = ::sd_listen_fds_with_names(1, &names);
  for (int i = 0; i < n; i++) {
    Fd fd(SD_LISTEN_FDS_START + i);
    if (!in.socket && ::sd_is_socket_unix(fd.get(), SOCK_STREAM, 1, nullptr, 0) > 0) {
      in.socket_path = bound_path(fd.get());
      in.socket = std::move(fd);
    } else {
      in.stored.push_back({names[i], std::move(fd)});
    }
  }
  for (int i = 0; i < n; i++) std::free(names[i]);
  std::free(names);
  return in;
}

void ready(const std::string& text) {
  ::sd_notify(0, ("READY=1\nSTATUS=" + text).c_str());
}

void say(const std::string& text) {
  ::sd_notify(0, ("STATUS=" + text).c_str());
}

void stopping() {
  ::sd_notify(0, "STOPPING=1");
}

void keep(const std::string& name, int fd) {
  ::sd_pid_notify_with_fds(0, 0, ("FDSTORE=1\nFDNAME=" + name).c_str(), &fd, 1);
}

void forget(const std::string& name) {
  ::sd_notify(0, ("FDSTOREREMOVE=1\nFDNAME=" + name).c_str());
}

}  // namespace hp::service_manager
