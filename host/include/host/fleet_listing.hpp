/* What the coordinator says of itself: the results of guest.list, program.list and status, as JSON texts. */
#pragma once
#include <string>

#include "host/fleet_state.hpp"

namespace hp {

std::string guest_list(const FleetState&);
std::string program_list(const FleetState&);
std::string status(const FleetState&);

}  // namespace hp
