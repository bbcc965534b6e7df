/* PeerCredentials: who is at the other end of a Unix socket, as the kernel says.
 *
 * uid, gid and pid by SO_PEERCRED, supplementary groups by SO_PEERGROUPS (unix(7)): those of the peer at its
 * connect(2). Never by its pid, which may be another process by now. A set-user-ID program that connects
 * is its owner, for it decides what is said. Immutable. */
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "transport/result.hpp"

namespace hp {

struct PeerCredentials {
  uint32_t uid = UINT32_MAX;    /* nobody */
  pid_t pid = 0;                /* in our namespace; for messages only */
  std::vector<uint32_t> groups; /* gid and supplementary ones; at most NGROUPS_MAX + 1 */

  static Result<PeerCredentials> of(int socket);
  /* Of a user who is not connected: the groups that the user database says. */
  static PeerCredentials of_user(uint32_t uid);
  bool is_in(uint32_t gid) const;
};

}  // namespace hp
