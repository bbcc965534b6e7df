#include "host/fleet_state.hpp"

namespace hp {

uint64_t FleetState::wall_clock_ns() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::nanoseconds(now).count());
}

Result<FleetProgram*> FleetState::find(const std::string& ident, const PeerCredentials& asker) {
  if (ident.size() < kMinIdentPrefix)
    return fail("give at least " + std::to_string(kMinIdentPrefix) + " digits of the ident");
  FleetProgram* found = nullptr;
  for (auto& [key, program] : programs) {
    if (to_hex(key).compare(0, ident.size(), ident) != 0) continue;
    if (!sees(asker, program.uid)) continue;
    if (found) return fail("more than one program's ident begins with " + ident);
    found = &program;
  }
  if (!found) return fail("no program's ident begins with " + ident);
  return found;
}

Result<> FleetState::check_owner(const PeerCredentials& peer, const FleetProgram& program,
                                 Right right) const {
  if (peer.uid == program.uid) return {};
  if (auto may = access.check(peer, right); !may)
    return fail("program " + to_hex(program.ident) + " belongs to uid " +
                std::to_string(program.uid) + ": " + may.error().message);
  return {};
}

FleetProgram* FleetState::find(const ProgramIdent& ident) {
  auto it = programs.find(ident);
  return it == programs.end() ? nullptr : &it->second;
}

}  // namespace hp
