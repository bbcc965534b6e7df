/* FleetAccess: who may do what on the control socket.
 *
 *     FleetAccess access = FleetAccess::defaults(::geteuid(), gid of the group hyprobe or none);
 *     if (auto may = access.check(peer, Right::Trace); !may) answer may.error()      a sentence for the peer
 *     access.rights(peer).has(Right::TraceOthers)
 *
 * root has every right, and the coordinator's own user all but trace_others and kill_others; both have them whatever
 * the rules say. The rules (fleet_config.hpp) give each right to users and groups beside these.
 *
 * What a right is worth: an object is native code, linked into each guest that it matches and run as the user of
 * that guest. Who may trace others' guests is therefore as powerful as their users together. `destructive` guards
 * against mistakes: an honest compiler says in the object that a program changes the guest, and nothing can tell what
 * a hostile object's code does.
 *
 * Pure values; any thread. */
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "host/peer_credentials.hpp"
#include "transport/result.hpp"

namespace hp {

enum class Right : uint8_t {
  List,        /* sees guests and programs of other users */
  Register,    /* brings guests into the fleet */
  Trace,       /* runs programs, in guests of its own uid */
  TraceOthers, /* and in everybody's */
  Destructive, /* runs programs that change their guests */
  KillOthers,  /* ends programs of other users */
  Log,         /* reads the journal's events */
};
inline constexpr size_t kRights = 7;
/* As configuration files say it: "trace_others". */
const char* to_text(Right);

class Rights {
 public:
  bool has(Right r) const { return bits_ >> static_cast<unsigned>(r) & 1; }
  void add(Right r) { bits_ |= 1u << static_cast<unsigned>(r); }

 private:
  uint32_t bits_ = 0;
};

/* Those that a right is given to. */
struct Grantees {
  bool everyone = false; /* who reaches the socket */
  std::set<uint32_t> users, groups;
};

class FleetAccess {
 public:
  /* group: that may list, register, trace, run destructive programs and read the log; none: there is none. */
  static FleetAccess defaults(uint32_t own_uid, std::optional<uint32_t> group);

  /* Replaces whom a right is given to. */
  void set(Right r, Grantees who) { given_[static_cast<size_t>(r)] = std::move(who); }
  /* Where the rules are, for messages; empty: there are none, the defaults hold. */
  void set_origin(std::string file) { origin_ = std::move(file); }

  Rights rights(const PeerCredentials&) const;
  /* Fails with what is missing and where it is given. */
  Result<> check(const PeerCredentials&, Right) const;

 private:
  bool may(const PeerCredentials&, Right) const;
  uint32_t own_uid_ = 0;
  std::array<Grantees, kRights> given_;
  std::string origin_;
};

}  // namespace hp
