/* What systemd hands to the coordinator and hears from it: sockets and stored descriptors (sd_listen_fds(3)), readiness
 * and descriptors to keep (sd_notify(3)). Without systemd nothing is there and nothing is said. One thread. */
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "transport/fd.hpp"

namespace hp::service_manager {

struct Inherited {
  struct Named {
    std::string name; /* FDNAME */
    Fd fd;
  };
  std::optional<Fd> socket; /* a Unix stream socket that listens */
  std::string socket_path;
  std::vector<Named> stored; /* the others */
};
/* What this process was started with; once, before anything else is opened. */
Inherited take_inherited();

/* text: for `systemctl status`. */
void ready(const std::string& text);
void say(const std::string& text);
void stopping();
/* Keeps a descriptor over the end of this process, under a name; and no longer. */
void keep(const std::string& name, int fd);
void forget(const std::string& name);

}  // namespace hp::service_manager
