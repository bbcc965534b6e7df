#include "host/peer_credentials.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/socket.h>

#include <algorithm>

namespace hp {
namespace {
constexpr size_t kMaxEntry = 1u << 20; /* of the user database, in bytes */
constexpr int kMostGroups = 65536;     /* NGROUPS_MAX */
}  // namespace

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

PeerCredentials PeerCredentials::of_user(uint32_t uid) {
  PeerCredentials who{uid, 0, {}};
  passwd entry{};
  passwd* found = nullptr;
  std::vector<char> buffer(1024);
  while (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == ERANGE &&
         buffer.size() < kMaxEntry)
    buffer.resize(buffer.size() * 2);
  if (!found) return who;
  std::vector<gid_t> groups(kMostGroups);
  int count = kMostGroups;
  ::getgrouplist(entry.pw_name, entry.pw_gid, groups.data(), &count);
  who.groups.assign(groups.begin(), groups.begin() + std::clamp(count, 0, kMostGroups));
  return who;
}

bool PeerCredentials::is_in(uint32_t gid) const {
  return std::find(groups.begin(), groups.end(), gid) != groups.end();
}

}  // namespace hp
