/* GuestOwners: which guest number (vmid) is or was whose, and what guests claim that cannot be true.
 *
 *     HP_TRYV(check_identity(state, info, wanted));      before a guest is registered
 *     check_claims(state, info, vmid, claims);           afterwards: what it said it runs
 *
 * A program's segment tells guests apart by their numbers, and people by their names. So while a program that runs
 * knows a number, its name belongs to the uid that had it. What is false is an event "spoofing" in the log, with the
 * guest's name, pid and uid. One thread. */
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "host/fleet_journal.hpp"
#include "transport/coordinator.hpp"
#include "transport/result.hpp"

namespace hp {

struct FleetState;

using GuestOwners = std::map<uint32_t, FleetJournal::Guest>; /* by vmid: at most HP_MAX_GUESTS */

/* Fails when the name is another uid's. A number that is another name's is only told: it gets another one. */
Result<> check_identity(FleetState&, const GuestInfo&, uint32_t wanted);
/* Tells of the programs that it cannot have been given; the coordinator has it drop them. */
void check_claims(FleetState&, const GuestInfo&, uint32_t vmid, const std::vector<Claim>&);

}  // namespace hp
