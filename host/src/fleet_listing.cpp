#include "host/fleet_listing.hpp"

#include <unistd.h>

namespace hp {
namespace {

uint64_t seconds(std::chrono::system_clock::time_point t) {
  return static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::seconds>(t.time_since_epoch()).count());
}

const char* phase_name(Coordinator::Phase p) {
  switch (p) {
    case Coordinator::Phase::Preparing:
      return "preparing";
    case Coordinator::Phase::Committed:
      return "committed";
    case Coordinator::Phase::Ending:
      return "ending";
  }
  return "?";
}

const char* part_name(Coordinator::Part p) {
  switch (p) {
    case Coordinator::Part::Preparing:
      return "preparing";
    case Coordinator::Part::Prepared:
      return "prepared";
    case Coordinator::Part::Committing:
      return "committing";
    case Coordinator::Part::Enabled:
      return "enabled";
    case Coordinator::Part::Killing:
      return "killing";
  }
  return "?";
}

}  // namespace

std::string guest_list(const FleetState& state, const PeerCredentials& asker) {
  std::vector<std::string> items;
  for (auto& [vmid, g] : state.coordinator.guests()) {
    if (!state.sees(asker, g.uid)) continue;
    uint64_t enabled = 0;
    for (auto& [ident, program] : state.coordinator.programs()) {
      auto part = program.guests.find(vmid);
      enabled += part != program.guests.end() && part->second.part == Coordinator::Part::Enabled;
    }
    items.push_back(
        rpc::Object()
            .number("vmid", vmid)
            .text("name", g.name)
            .text("hostname", g.hostname)
            .text("kind", to_text(g.kind))
            .text("osversion", g.osversion)
            .text("build_id", g.build_id)
            .text("doorbell", g.doorbell)
            .integer("pid", g.pid)
            .number("uid", g.uid)
            .number("uptime_s",
                    static_cast<uint64_t>((FleetState::now() - g.since).count()) / 1000000000u)
            .number("programs", enabled)
            .json());
  }
  return rpc::Object().raw("guests", rpc::json_array(items)).json();
}

std::string program_list(const FleetState& state, const PeerCredentials& asker) {
  std::vector<std::string> items;
  for (auto& [ident, program] : state.coordinator.programs()) {
    const FleetProgram& held = state.programs.at(ident);
    if (!state.sees(asker, held.uid)) continue;
    std::vector<std::string> guests;
    for (auto& [vmid, part] : program.guests) {
      const Guest& g = state.coordinator.guests().at(vmid);
      guests.push_back(rpc::Object()
                           .number("vmid", vmid)
                           .text("name", g.name)
                           .number("probes", part.probes)
                           .text("state", part_name(part.part))
                           .json());
    }
    items.push_back(rpc::Object()
                        .text("ident", to_hex(ident))
                        .text("state", phase_name(program.phase))
                        .integer("pid", held.pid)
                        .number("uid", held.uid)
                        .number("since", seconds(held.since))
                        .text("script", held.script)
                        .raw("guests", rpc::json_array(guests))
                        .json());
  }
  return rpc::Object().raw("programs", rpc::json_array(items)).json();
}

std::string status(const FleetState& state) {
  return rpc::Object()
      .text("socket", state.socket)
      .integer("pid", ::getpid())
      .number("since", seconds(state.since))
      .number("guests", state.coordinator.guests().size())
      .number("programs", state.coordinator.programs().size())
      .number("connections", state.peers.size())
      .json();
}

}  // namespace hp
