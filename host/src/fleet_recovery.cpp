#include "host/fleet_recovery.hpp"

#include <algorithm>
#include <set>

#include "host/fleet_match.hpp"

namespace hp {
namespace {

using Stored = std::vector<service_manager::Inherited::Named>;

Result<FleetProgram> read_program(FleetState& state, const FleetJournal::Program& row) {
  FleetProgram p = HP_TRY(FleetProgram::from_object(row.ident, HP_TRY(state.store.elf(row.ident))));
  /* With the rights that its user has now. */
  if (!state.access.rights(PeerCredentials::of_user(row.uid)).has(Right::TraceOthers))
    p.matches = guests_of(row.uid, std::move(p.matches));
  p.uid = row.uid;
  p.pid = row.pid;
  p.detached = row.detached;
  p.identity = {row.segment_dev, row.segment_ino};
  p.received_ns = row.received_ns;
  p.committed_ns = row.committed_ns;
  return p;
}

/* Its segment, if the service manager has kept it. */
FleetSegment take_stored(FleetState& state, const FleetProgram& p, Stored& stored) {
  const std::string name = to_hex(p.ident);
  for (auto& [stored_name, fd] : stored) {
    if (stored_name != name || !fd) continue;
    auto segment = FleetSegment::check(std::move(fd));
    if (segment && segment->ident() == p.ident && segment->identity() == p.identity)
      return std::move(*segment);
    state.log.warn("error", p.ident, "", "what the service manager kept is not its segment");
  }
  return {};
}

Result<> end(FleetState& state, const FleetJournal::Program& row, const char* kind,
             const std::string& reason) {
  HP_TRYV(state.journal.ended(row.ident, reason));
  state.store.remove(row.ident);
  state.log.warn(kind, row.ident, "", reason);
  return {};
}

}  // namespace

Result<> recover(FleetState& state, Stored stored, Effects& effects) {
  std::set<uint32_t> vmids;
  state.owners = HP_TRY(state.journal.guests());
  for (const auto& [vmid, owner] : state.owners) {
    state.coordinator.recover_guest(vmid, owner.name);
    vmids.insert(vmid);
  }
  std::set<ProgramIdent> known;
  for (const FleetJournal::Program& row : HP_TRY(state.journal.open_programs())) {
    if (row.state != FleetJournal::State::Committed) {
      HP_TRYV(end(state, row, "aborted", "the coordinator ended before it was decided"));
      continue;
    }
    auto program = read_program(state, row);
    if (!program) {
      const Error& why = program.error();
      if (why.code != 0 && why.code != ENOENT && why.code != EBADMSG)
        return tl::make_unexpected(why); /* try again */
      HP_TRYV(end(state, row, "ended", "its object is lost: " + why.message));
      continue;
    }
    program->segment = take_stored(state, *program, stored);
    program->share =
        state.limits.recovered(row.uid, program->parsed->bytes().size(), program->segment.bytes());
    const std::set<uint32_t> seen = program->segment ? program->segment.seen() : vmids;
    if (program->segment)
      for (const uint32_t vmid : seen)
        program->segment.mark_gone(vmid); /* until it is here again */
    ProgramOptions options;
    options.skip_failing = row.skip_failing;
    options.detached = row.detached;
    options.timeout = std::chrono::milliseconds(row.timeout_ms);
    state.coordinator.recover({row.ident, options, program->matches,
                               static_cast<bool>(program->segment), seen, row.segment_since},
                              FleetState::now(), effects);
    state.log.say("recovered", row.ident, "",
                  row.detached ? "it runs detached" : "it waits for its consumer");
    known.insert(row.ident);
    state.programs[row.ident] = std::move(*program);
    state.recovered++;
  }
  state.store.sweep(known);
  for (const auto& [name, fd] : stored)
    if (fd) service_manager::forget(name);
  return {};
}

}  // namespace hp
