#include "host/fleet_listing.hpp"

#include <unistd.h>

#include "transport/control_protocol.hpp"

namespace hp {
namespace {

constexpr uint64_t kSecond = 1'000'000'000; /* ns */

const char* phase_name(Coordinator::Phase p) {
  switch (p) {
    case Coordinator::Phase::Preparing:
      return "preparing";
    case Coordinator::Phase::Deciding:
      return "deciding";
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
  std::map<uint32_t, uint64_t> enabled; /* programs, by vmid */
  for (const auto& [ident, program] : state.coordinator.programs())
    for (const auto& [vmid, part] : program.guests)
      enabled[vmid] += part.part == Coordinator::Part::Enabled;
  std::vector<std::string> items;
  for (const auto& [vmid, g] : state.coordinator.guests()) {
    if (!state.sees(asker, g.uid)) continue;
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
                    static_cast<uint64_t>((FleetState::now() - g.since).count()) / kSecond)
            .number("programs", enabled[vmid])
            .json());
  }
  return rpc::Object().raw("guests", rpc::json_array(items)).json();
}

namespace {

/* Of program.list, and the beginning of program.show. */
rpc::Object program_item(const FleetState& state, const Coordinator::Program& program,
                         const FleetProgram& held) {
  std::vector<std::string> guests;
  for (const auto& [vmid, part] : program.guests)
    guests.push_back(rpc::Object()
                         .number("vmid", vmid)
                         .text("name", state.coordinator.guests().at(vmid).name)
                         .number("probes", part.probes)
                         .text("state", part_name(part.part))
                         .number("transaction", part.transaction)
                         .json());
  rpc::Object o;
  o.text("ident", to_hex(program.ident))
      .text("state", phase_name(program.phase))
      .integer("pid", held.pid)
      .number("uid", held.uid)
      .number("since", held.received_ns / kSecond)
      .text("script", held.script)
      .flag("detached", held.detached)
      .flag("destructive", held.destructive)
      .raw("guests", rpc::json_array(guests));
  return o;
}

}  // namespace

std::string program_list(const FleetState& state, const PeerCredentials& asker) {
  std::vector<std::string> items;
  for (const auto& [ident, program] : state.coordinator.programs()) {
    const FleetProgram& held = state.programs.at(ident);
    if (state.sees(asker, held.uid)) items.push_back(program_item(state, program, held).json());
  }
  return rpc::Object().raw("programs", rpc::json_array(items)).json();
}

Result<std::string> program_show(FleetState& state, const PeerCredentials& asker,
                                 const rpc::Fields& params) {
  const FleetProgram& held = *HP_TRY(state.find(HP_TRY(params.text("ident", 32)), asker));
  const Coordinator::Program& program = state.coordinator.programs().at(held.ident);
  const FleetPeer* consumer = state.peers.find(program.consumer);
  std::vector<std::string> descriptions;
  for (const std::string& d : held.descriptions) descriptions.push_back(json_string(d));
  const auto timeout =
      std::chrono::duration_cast<std::chrono::milliseconds>(program.options.timeout);
  return program_item(state, program, held)
      .integer("attached", consumer ? consumer->credentials.pid : 0)
      .number("received_ns", held.received_ns)
      .number("committed_ns", held.committed_ns)
      .text("onfail", program.options.skip_failing ? "skip" : "abort")
      .number("timeout_ms", static_cast<uint64_t>(timeout.count()))
      .number("object_bytes", held.parsed->bytes().size())
      .number("segment_bytes", held.segment.bytes())
      .flag("recovered", program.recovered)
      .flag("has_segment", static_cast<bool>(held.segment))
      .flag("data_lost", held.data_lost)
      .raw("descriptions", rpc::json_array(descriptions))
      .json();
}

std::string status(const FleetState& state) {
  return rpc::Object()
      .text("socket", state.socket)
      .text("base", state.store.folder())
      .text("version", control::release())
      .number("protocol", control::kVersions.newest)
      .number("epoch", state.coordinator.epoch())
      .integer("pid", ::getpid())
      .number("since", state.since_ns / kSecond)
      .number("guests", state.coordinator.guests().size())
      .number("programs", state.coordinator.programs().size())
      .number("recovered", state.recovered)
      .number("connections", state.peers.size())
      .number("journal_bytes", state.journal.bytes())
      .json();
}

}  // namespace hp
