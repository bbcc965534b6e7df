#include "host/fleet_consumers.hpp"

#include "host/fleet_match.hpp"
#include "host/fleet_messages.hpp"

namespace hp {
namespace {

constexpr uint64_t kMinTimeout = 100, kMaxTimeout = 60000, kUsualTimeout = 5000; /* ms */

std::string who(const FleetPeer& p) {
  return "pid " + std::to_string(p.credentials.pid) + " (uid " + std::to_string(p.credentials.uid) +
         ")";
}

}  // namespace

/* --- submit --- */

Result<> FleetConsumers::submit(FleetPeer& p, const rpc::Message& m, std::vector<Fd> fds,
                                Effects& effects) {
  if (fds.size() != 2) return fail("a program comes with two descriptors: object and segment");
  const std::string onfail = HP_TRY(m.body.text_or("onfail", 16, "abort"));
  if (onfail != "abort" && onfail != "skip") return fail("\"onfail\" must be abort or skip");
  ProgramOptions options;
  options.skip_failing = onfail == "skip";
  options.detached = HP_TRY(m.body.flag_or("detach", false));
  options.timeout = std::chrono::milliseconds(
      HP_TRY(m.body.number_or("timeout_ms", kMinTimeout, kMaxTimeout, kUsualTimeout)));
  FleetProgram program = HP_TRY(FleetProgram::accept(fds[0], std::move(fds[1])));
  program.pid = p.credentials.pid;
  program.uid = p.credentials.uid;
  program.detached = options.detached;
  const ProgramIdent ident = program.ident;
  if (FleetProgram* known = state_.find(ident))
    return adopt(p, *known, std::move(program), m.id, effects);

  /* Its consumer has not heard of it yet; run again it would undo a kill. */
  if (const auto former = HP_TRY(state_.journal.find(ident)); former && former->committed_ns != 0)
    return fail("program " + to_hex(ident) + " has ended" +
                (former->uid == program.uid ? ": " + former->reason : ""));
  if (program.destructive) HP_TRYV(state_.access.check(p.credentials, Right::Destructive));
  program.share = HP_TRY(p.share.program(program.parsed->bytes().size(), program.segment.bytes()));
  if (!state_.access.rights(p.credentials).has(Right::TraceOthers))
    program.matches = guests_of(program.uid, std::move(program.matches));
  program.received_ns = FleetState::wall_clock_ns();
  HP_TRYV(make_safe(program, options));
  HP_TRYV(
      state_.coordinator.submit(p.id, ident, options, program.matches, FleetState::now(), effects));
  state_.log.say("submitted", ident, "", "by " + who(p));
  state_.programs[ident] = std::move(program);
  p.submits[ident] = {m.id, false};
  return {};
}

Result<> FleetConsumers::make_safe(const FleetProgram& program, const ProgramOptions& options) {
  const auto written = [&]() -> Result<> {
    HP_TRYV(state_.store.keep(program.ident, program.parsed->bytes()));
    if (options.detached)
      HP_TRYV(state_.store.keep_segment(program.ident, program.segment.fd()->get()));
    FleetJournal::Program row;
    row.ident = program.ident;
    row.uid = program.uid;
    row.pid = program.pid;
    row.detached = options.detached;
    row.skip_failing = options.skip_failing;
    row.timeout_ms = static_cast<uint32_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(options.timeout).count());
    row.segment_dev = program.identity.device;
    row.segment_ino = program.identity.inode;
    row.script = program.script;
    return state_.journal.received(row);
  }();
  if (written) return {};
  state_.store.remove(program.ident);
  state_.log.error(program.ident, "it is not run: " + written.error().message);
  return fail("the coordinator cannot keep the program: " + written.error().message,
              written.error().code);
}

/* The consumer has lost the coordinator, or its connection, and is here again. */
Result<> FleetConsumers::adopt(FleetPeer& p, FleetProgram& known, FleetProgram again,
                               const std::string& request, Effects& effects) {
  const std::string name = "program " + to_hex(known.ident);
  if (again.uid != known.uid) {
    state_.log.warn("spoofing", known.ident, "", who(p) + " submits another user's program");
    return fail(name + " belongs to uid " + std::to_string(known.uid));
  }
  if (again.parsed->bytes() != known.parsed->bytes()) return fail(name + " is another program");
  if (again.identity != known.identity)
    return fail(name + " runs with another segment" +
                (known.data_lost ? ": its own was lost and made anew" : ""));
  const Time now = FleetState::now();
  HP_TRYV(state_.coordinator.adopt(p.id, known.ident, now, effects));
  known.pid = again.pid;
  if (!known.segment) {
    known.segment = std::move(again.segment);
    state_.coordinator.files_arrived(known.ident, now, effects);
  }
  p.submits[known.ident] = {request, true};
  state_.log.say("adopted", known.ident, "", "by " + who(p));
  return {};
}

/* --- attach, kill --- */

Result<> FleetConsumers::attach(FleetPeer& p, const rpc::Message& m) {
  FleetProgram& program = *HP_TRY(state_.find(HP_TRY(m.body.text("ident", 32)), p.credentials));
  HP_TRYV(state_.check_owner(p.credentials, program, Right::TraceOthers));
  const Coordinator::Program& running = state_.coordinator.programs().at(program.ident);
  if (const FleetPeer* first = state_.peers.find(running.consumer))
    return fail("program " + to_hex(program.ident) + " is attached to " + who(*first) + " already");
  if (!program.segment)
    return fail("the segment of program " + to_hex(program.ident) +
                " has not come back yet; try again");
  HP_TRYV(state_.coordinator.attach(p.id, program.ident));
  std::vector<GuestOutcome> guests;
  for (const auto& [vmid, part] : running.guests) {
    if (part.part != Coordinator::Part::Enabled) continue;
    const Guest& g = state_.coordinator.guests().at(vmid);
    guests.push_back({vmid, g.name, g.hostname, part.probes, {}});
  }
  state_.log.say("attached", program.ident, "", "to " + who(p));
  state_.peers.send(p,
                    rpc::answer(m.id, rpc::Object()
                                          .text("ident", to_hex(program.ident))
                                          .number("fds", 2)
                                          .text("script", program.script)
                                          .number("uid", program.uid)
                                          .integer("pid", program.pid)
                                          .number("since", program.received_ns / 1000000000u)
                                          .raw("guests", outcomes_json(guests))
                                          .json()),
                    {program.object, program.segment.fd()});
  return {};
}

Result<> FleetConsumers::kill(FleetPeer& p, const rpc::Message& m, Effects& effects) {
  FleetProgram& program = *HP_TRY(state_.find(HP_TRY(m.body.text("ident", 32)), p.credentials));
  HP_TRYV(state_.check_owner(p.credentials, program, Right::KillOthers));
  state_.log.say("killed", program.ident, "", "by " + who(p));
  program.kills.emplace_back(p.id, m.id);
  state_.coordinator.kill(program.ident, "killed by pid " + std::to_string(p.credentials.pid),
                          FleetState::now(), effects);
  return {};
}

}  // namespace hp
