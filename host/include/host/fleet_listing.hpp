/* What the coordinator says of itself: the results of guest.list, program.list, program.show and status, as JSON texts. */
#pragma once
#include <string>

#include "host/fleet_state.hpp"
#include "transport/rpc.hpp"

namespace hp {

std::string guest_list(const FleetState&);
std::string program_list(const FleetState&);
Result<std::string> program_show(FleetState&, const rpc::Fields& params);
std::string status(const FleetState&);

}  // namespace hp
