#include "host/guest_owners.hpp"

#include <algorithm>

#include "host/fleet_state.hpp"

namespace hp {
namespace {

std::string who(const GuestInfo& g) {
  return "pid " + std::to_string(g.pid) + " (uid " + std::to_string(g.uid) + ")";
}

void spoofing(FleetState& state, const FleetLog::Whom& program, const GuestInfo& guest,
              const std::string& claim) {
  state.log.warn("spoofing", program, guest.name, who(guest) + " " + claim);
}

/* Some program that runs has data under this number. */
bool in_use(const FleetState& state, uint32_t vmid) {
  const auto& programs = state.coordinator.programs();
  return std::any_of(programs.begin(), programs.end(),
                     [&](const auto& p) { return p.second.seen.count(vmid) != 0; });
}

}  // namespace

Result<> check_identity(FleetState& state, const GuestInfo& guest, uint32_t wanted) {
  for (const auto& [vmid, owner] : state.owners) {
    if (owner.uid == guest.uid) continue;
    const bool present = state.coordinator.guests().count(vmid) != 0;
    if (owner.name == guest.name && (present || in_use(state, vmid))) {
      spoofing(state, {}, guest, "takes the name of a guest of uid " + std::to_string(owner.uid));
      return fail("the name '" + guest.name + "' belongs to a guest of uid " +
                  std::to_string(owner.uid) +
                  (present ? "" : ", which programs that run have seen"));
    }
    if (vmid == wanted && owner.name != guest.name && in_use(state, vmid))
      spoofing(state, {}, guest,
               "says that it had number " + std::to_string(vmid) + ", which is that of guest " +
                   owner.name + " of uid " + std::to_string(owner.uid));
  }
  return {};
}

void check_claims(FleetState& state, const GuestInfo& guest, uint32_t vmid,
                  const std::vector<Claim>& claims) {
  for (const Claim& claim : claims) {
    const auto program = state.coordinator.programs().find(claim.ident);
    /* What is unknown, or ends, it may well have been given. */
    if (program == state.coordinator.programs().end() ||
        program->second.phase != Coordinator::Phase::Committed)
      continue;
    const auto part = program->second.guests.find(vmid);
    const bool confirmed =
        part != program->second.guests.end() && part->second.part != Coordinator::Part::Preparing;
    if (!confirmed)
      spoofing(state, claim.ident, guest, "says that it runs what it was never given");
  }
}

}  // namespace hp
