/* FleetConsumers: what consumers ask: to run a program, to have it back after the coordinator or the connection was
 * gone, to look at a detached one, to end one. Part of FleetRequests.
 *
 * A program is submitted once it is safe: its object (of a detached one its segment's pages, too) is in the base
 * folder and RECEIVED in the journal, before any guest hears of it. Submitting a program that is known is idempotent:
 * its consumer takes it over. One thread. */
#pragma once
#include <vector>

#include "host/fleet_state.hpp"
#include "transport/rpc.hpp"

namespace hp {

class FleetConsumers {
 public:
  explicit FleetConsumers(FleetState& state) : state_(state) {}
  /* Answered when it is decided. */
  Result<> submit(FleetPeer&, const rpc::Message&, std::vector<Fd>, Effects&);
  Result<> attach(FleetPeer&, const rpc::Message&);
  /* Answered when it has ended. */
  Result<> kill(FleetPeer&, const rpc::Message&, Effects&);

 private:
  Result<> adopt(FleetPeer&, FleetProgram& known, FleetProgram again, const std::string& request,
                 Effects&);
  Result<> make_safe(const FleetProgram&, const ProgramOptions&);

  FleetState& state_;
};

}  // namespace hp
