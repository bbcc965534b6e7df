#include "host/peer_credentials.hpp"

#include <sys/socket.h>

#include <algorithm>

namespace hp {

Result<PeerCredentials> PeerCredentials::of(int socket) {
  PeerCredentials peer;
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0)
    return fail_errno("cannot tell who is connected");
  peer.uid = credentials.uid;
  peer.pid = credentials.pid;
  std::vector<gid_t> groups;
  size = 0;
  while (::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) != 0) {
    if (errno != ERANGE) return fail_errno("cannot tell the groups of who is connected");
    groups.resize(size / sizeof(gid_t)); /* they are fixed: the second call has room */
  }
  groups.resize(size / sizeof(gid_t));
  peer.groups.assign(groups.begin(), groups.end());
  if (!peer.is_in(credentials.gid)) peer.groups.push_back(credentials.gid);
  return peer;
}

bool PeerCredentials::is_in(uint32_t gid) const {
  return std::find(groups.begin(), groups.end(), gid) != groups.end();
}

}  // namespace hp
