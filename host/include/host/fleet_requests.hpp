/* FleetRequests: what peers ask of the coordinator: the methods of the control socket (docs/fleet.md). Everything in
 * a message is bounded and validated before use. One thread. */
#pragma once
#include <string>
#include <vector>

#include "host/fleet_consumers.hpp"
#include "host/fleet_state.hpp"
#include "transport/rpc.hpp"

namespace hp {

class FleetRequests {
 public:
  explicit FleetRequests(FleetState& state) : state_(state), consumers_(state) {}
  /* Answers, or leaves in `effects` what will. */
  void handle(FleetPeer&, FleetChannel::Incoming, Effects& effects);

 private:
  Result<> admit(FleetPeer&, const rpc::Message&);
  void nonsense(FleetPeer&);
  void notification(FleetPeer&, const rpc::Message&, std::vector<Fd>, Effects&);
  void request(FleetPeer&, const rpc::Message&, std::vector<Fd>, Effects&);
  Result<> carry_out(FleetPeer&, const rpc::Message&, std::vector<Fd>, Effects&, int& code);
  Result<std::string> hello(FleetPeer&, const rpc::Fields&);
  Result<std::string> register_guest(FleetPeer&, const rpc::Fields&, Effects&);
  /* False: it is not what it should be. */
  bool segment_returned(const Guest&, const ProgramIdent&, std::vector<Fd>, Effects&);

  FleetState& state_;
  FleetConsumers consumers_;
};

}  // namespace hp
