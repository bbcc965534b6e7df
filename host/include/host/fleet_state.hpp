/* FleetState: what the coordinator knows: the transaction, the programs and the peers. Passive: FleetRequests change
 * it, FleetEffects carry out what follows, fleet_listing.hpp shows it, FleetServer owns it. One thread. */
#pragma once
#include <chrono>
#include <map>
#include <string>

#include "host/fleet_access.hpp"
#include "host/fleet_limits.hpp"
#include "host/fleet_peers.hpp"
#include "host/fleet_program.hpp"
#include "transport/coordinator.hpp"
#include "transport/segment.h"

namespace hp {

struct FleetState {
  explicit FleetState(FleetPeers& connected) : peers(connected) {}

  static Time now() { return std::chrono::steady_clock::now().time_since_epoch(); }

  /* May it know of what belongs to this uid? */
  bool sees(const PeerCredentials& peer, uint32_t uid) const {
    return peer.uid == uid || access.rights(peer).has(Right::List);
  }

  FleetPeers& peers;
  Coordinator coordinator{HP_MAX_GUESTS};
  std::map<ProgramIdent, FleetProgram> programs; /* as many as the coordinator has */
  FleetAccess access;
  FleetLimits limits;
  std::string socket;
  std::chrono::system_clock::time_point since = std::chrono::system_clock::now();
  bool closing = false; /* nothing new is taken */
};

}  // namespace hp
