/* Parts of the coordinator's messages (docs/fleet.md), as JSON texts. */
#pragma once
#include <string>
#include <vector>

#include "transport/coordinator.hpp"
#include "transport/rpc.hpp"

namespace hp {

std::string outcome_json(const GuestOutcome&, const std::string* ident = nullptr);
std::string outcomes_json(const std::vector<GuestOutcome>&);
/* A sentence with the first few reasons. */
std::string abort_message(const std::string& reason, const std::vector<GuestOutcome>&);

}  // namespace hp
