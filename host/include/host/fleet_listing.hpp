/* What the coordinator says of itself: the results of guest.list, program.list, program.show and status, as JSON
 * texts. A peer sees guests and programs of its own uid, and those of others with the right to list. */
#pragma once
#include <string>

#include "host/fleet_state.hpp"
#include "transport/rpc.hpp"

namespace hp {

std::string guest_list(const FleetState&, const PeerCredentials& asker);
std::string program_list(const FleetState&, const PeerCredentials& asker);
Result<std::string> program_show(FleetState&, const PeerCredentials& asker,
                                 const rpc::Fields& params);
std::string status(const FleetState&);

}  // namespace hp
