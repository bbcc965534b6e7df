/* FleetState: what the coordinator knows: the transaction, the programs, the peers, and what is kept on disk. Passive:
 * FleetRequests and FleetConsumers change it, FleetEffects carry out what follows, fleet_listing.hpp shows it,
 * FleetServer owns it. One thread. */
#pragma once
#include <chrono>
#include <map>
#include <string>
#include <utility>

#include "host/fleet_access.hpp"
#include "host/fleet_journal.hpp"
#include "host/fleet_limits.hpp"
#include "host/fleet_log.hpp"
#include "host/fleet_peers.hpp"
#include "host/fleet_program.hpp"
#include "host/fleet_store.hpp"
#include "host/guest_owners.hpp"
#include "transport/coordinator.hpp"
#include "transport/segment.h"

namespace hp {

struct FleetState {
  FleetState(FleetPeers& connected, FleetStore opened, FleetJournal read, Time resume_grace)
      : peers(connected),
        store(std::move(opened)),
        journal(std::move(read)),
        log(journal, peers),
        coordinator(HP_MAX_GUESTS, journal.epoch(), resume_grace) {}
  FleetState(const FleetState&) = delete;
  FleetState& operator=(const FleetState&) = delete;

  static Time now() { return std::chrono::steady_clock::now().time_since_epoch(); }
  /* Since 1970, for people. */
  static uint64_t wall_clock_ns();

  /* By its ident, or at least kMinIdentPrefix digits that it begins with; of those that the peer may see. */
  static constexpr size_t kMinIdentPrefix = 4;
  Result<FleetProgram*> find(const std::string& ident, const PeerCredentials& asker);
  FleetProgram* find(const ProgramIdent&);

  /* May it know of what belongs to this uid? */
  bool sees(const PeerCredentials& peer, uint32_t uid) const {
    return peer.uid == uid || access.rights(peer).has(Right::List);
  }
  /* May it act on the program: its owner, or who has this right? */
  Result<> check_owner(const PeerCredentials&, const FleetProgram&, Right) const;

  FleetPeers& peers;
  FleetStore store;
  FleetJournal journal;
  FleetLog log;
  Coordinator coordinator;
  std::map<ProgramIdent, FleetProgram> programs; /* as many as the coordinator has */
  FleetAccess access;
  FleetLimits limits;
  GuestOwners owners;
  std::string socket;
  uint64_t since_ns = wall_clock_ns();
  size_t recovered = 0; /* programs that the journal had */
};

}  // namespace hp
