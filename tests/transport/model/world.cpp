/* What can happen, and what it does. */
#include "world.hpp"

namespace hp::model {
namespace {

ProgramIdent ident_of(uint8_t program) {
  return {static_cast<uint8_t>(program + 1)};
}
uint8_t program_of(const ProgramIdent& ident) {
  return static_cast<uint8_t>(ident[0] - 1);
}
Message at(const Bag& bag, uint8_t i) {
  return *std::next(bag.begin(), i);
}

}  // namespace

World::Node* World::current_;
bool World::refuse_;
World::Host World::host_;

World::World(const Scenario& scenario) : scenario_(scenario), left_(scenario.budget) {
  coordinator_.emplace(16u, epoch_);
  nodes_.assign(scenario.guests, {Participant(host_), {}});
  programs_.resize(scenario.programs);
  for (uint8_t g = 0; g < scenario.guests; g++) {
    nodes_[g].slow = g < scenario.slow_guests;
    Effects none;
    if (g + scenario.late_joins < scenario.guests) connect(g, none);
  }
}

/* --- a guest's host --- */

void World::select(Node& node, bool refuse) {
  current_ = &node;
  refuse_ = refuse;
}

std::optional<Result<uint32_t>> World::Host::load(const ProgramIdent& ident,
                                                  const ProgramFiles& files) {
  const uint8_t p = program_of(ident);
  if (current_->loads.count(p)) throw Violation{"a program is loaded twice"};
  if (refuse_) {
    current_->refused.insert(p);
    return fail("cannot");
  }
  current_->loads[p] = {static_cast<uint8_t>(files.object), static_cast<uint8_t>(files.segment),
                        false, current_->slow, false};
  if (current_->slow) return std::nullopt;
  return 1u;
}

bool World::Host::enable(const ProgramIdent& ident) {
  auto it = current_->loads.find(program_of(ident));
  if (it == current_->loads.end() || it->second.loading)
    throw Violation{"a program is enabled that is not loaded"};
  it->second.enabling = current_->slow;
  it->second.enabled = !current_->slow;
  return it->second.enabled;
}

void World::Host::unload(const ProgramIdent& ident) {
  if (current_->loads.erase(program_of(ident)) == 0)
    throw Violation{"a program is unloaded that is not loaded"};
}

/* --- messages --- */

World::Node* World::node_of(uint32_t vmid) {
  for (Node& n : nodes_)
    if (n.vmid == vmid) return &n;
  return nullptr;
}

void World::send_to_guest(const Effect& e, Message::Kind kind) {
  for (Node& n : nodes_) {
    if (n.coordinators_end != e.peer) continue;
    const Program& p = program(e.program);
    const bool files = kind == Message::Prepare;
    if (files) n.given.insert(program_of(e.program));
    if (!open(n)) return;
    n.to_guest.insert({kind, program_of(e.program), e.transaction, files ? p.version : uint8_t{0},
                       files ? p.segment : uint8_t{0}});
  }
}

void World::answer(Node& n, uint8_t program, const ParticipantAnswer& a) {
  if (!open(n) || a.kind == ParticipantAnswer::None) return;
  const Message::Kind kind = a.kind == ParticipantAnswer::Prepared    ? Message::Prepared
                             : a.kind == ParticipantAnswer::Refused   ? Message::Refused
                             : a.kind == ParticipantAnswer::Committed ? Message::Committed
                                                                      : Message::Killed;
  n.to_coordinator.insert({kind, program, a.transaction, 0, 0});
}

void World::deliver_to_guest(Node& n, const Message& m, bool refuse) {
  select(n, refuse);
  const ProgramIdent ident = ident_of(m.program);
  switch (m.kind) {
    case Message::Prepare:
      return answer(n, m.program,
                    n.participant.prepare(ident, m.transaction, {m.version, m.segment}));
    case Message::Commit:
      return answer(n, m.program, n.participant.commit(ident, m.transaction));
    case Message::Abort:
      return n.participant.abort(ident, m.transaction);
    case Message::Kill:
      return answer(n, m.program, n.participant.kill(ident, m.transaction));
    case Message::Return:
      if (auto it = n.loads.find(m.program); it != n.loads.end() && open(n))
        n.to_coordinator.insert(
            {Message::Segment, m.program, m.transaction, 0, it->second.segment});
      return;
    default:
      return;
  }
}

void World::deliver_to_coordinator(Node& n, const Message& m, Effects& out) {
  const PeerId peer = n.coordinators_end;
  const ProgramIdent ident = ident_of(m.program);
  switch (m.kind) {
    case Message::Prepared:
      return coordinator_->prepared(peer, ident, m.transaction, 1, now_, out);
    case Message::Refused:
      return coordinator_->refused(peer, ident, m.transaction, "cannot", now_, out);
    case Message::Committed:
      return coordinator_->committed(peer, ident, m.transaction, now_, out);
    case Message::Killed:
      return coordinator_->killed(peer, ident, m.transaction, now_, out);
    case Message::Segment: /* authentic if it is the one in the journal */
      if (m.segment == programs_[m.program].segment) coordinator_->files_arrived(ident, now_, out);
      return;
    default:
      return;
  }
}

/* --- sessions and lives --- */

void World::close_guest_end(Node& n) {
  select(n);
  n.participant.disconnected();
  n.end = 0;
  n.to_guest.clear();
  n.refused.clear();
}

void World::connect(uint8_t guest, Effects& out) {
  Node& n = nodes_[guest];
  GuestInfo info;
  info.name = std::string(1, static_cast<char>('a' + guest));
  info.pid = 100 * (guest + 1) + n.process;
  n.up = true;
  const PeerId peer = next_peer_++;
  auto done = coordinator_->register_guest(peer, info, n.vmid, n.participant.running(), now_, out);
  if (!done) throw Violation{"a guest cannot register: " + done.error().message};
  n.end = n.coordinators_end = peer;
  n.coordinators_process = n.process;
  n.vmid = done->vmid;
  n.to_coordinator.clear();
  guest_numbers_[n.vmid] = info.name;
}

bool World::can_submit(uint8_t p) const {
  const Program& program = programs_[p];
  if (!coordinator_ || program.session != 0 || program.consumer == Consumer::Done ||
      program.consumer == Consumer::Dead)
    return false;
  auto it = coordinator_->programs().find(ident_of(p));
  return it == coordinator_->programs().end() ||
         (it->second.phase != Coordinator::Phase::Ending && !it->second.end_wanted);
}

/* As the server does it: what has ended does not begin again, what is known is adopted. */
void World::submit(uint8_t p, Effects& out) {
  Program& program = programs_[p];
  const ProgramIdent ident = ident_of(p);
  if (program.journaled == Journaled::Ended) {
    program.consumer = Consumer::Done;
    return;
  }
  program.session = next_peer_++;
  if (program.consumer == Consumer::New) program.consumer = Consumer::Waiting;
  program.shown.clear();
  if (coordinator_->programs().count(ident)) {
    (void)coordinator_->adopt(program.session, ident, now_, out);
    coordinator_->files_arrived(ident, now_, out);
    return;
  }
  program.journaled = Journaled::Received;
  program.version++;
  ProgramOptions options;
  options.skip_failing = scenario_.skip_failing;
  options.detached = scenario_.detached;
  (void)coordinator_->submit(
      program.session, ident, options, [](const Guest&) { return true; }, now_, out);
}

void World::crash_coordinator() {
  coordinator_.reset();
  for (Node& n : nodes_) {
    n.coordinators_end = 0;
    n.to_coordinator.clear();
  }
  for (Program& p : programs_) {
    p.session = 0;
    p.deciding = p.decision_durable = false;
  }
}

void World::restart_coordinator(bool with_segments) {
  coordinator_.emplace(16u, ++epoch_);
  for (const auto& [vmid, name] : guest_numbers_) coordinator_->recover_guest(vmid, name);
  Effects none;
  for (uint8_t i = 0; i < programs_.size(); i++) {
    Program& p = programs_[i];
    if (p.journaled == Journaled::Received) p.journaled = Journaled::Nothing;
    if (p.journaled != Journaled::Committed) continue;
    Coordinator::Recovered r;
    r.ident = ident_of(i);
    r.options.skip_failing = scenario_.skip_failing;
    r.options.detached = scenario_.detached;
    r.matches = [](const Guest&) { return true; };
    r.has_files = with_segments;
    r.first = p.first;
    coordinator_->recover(std::move(r), now_, none);
  }
}

/* --- effects --- */

void World::carry_out(const Effects& effects, uint8_t crash_after) {
  for (size_t i = 0; i < effects.size() && i < crash_after; i++) carry_out(effects[i]);
  if (crash_after == Action::kNoCrash) return;
  left_.coordinator_crashes--;
  crash_coordinator();
}

void World::carry_out(const Effect& e) {
  Program& p = program(e.program);
  const bool to_consumer = p.session != 0 && p.session == e.peer;
  switch (e.kind) {
    case Effect::Prepare:
      return send_to_guest(e, Message::Prepare);
    case Effect::Commit:
      if (p.journaled != Journaled::Committed)
        throw Violation{"COMMIT is sent before the decision is durable"};
      return send_to_guest(e, Message::Commit);
    case Effect::Abort:
      return send_to_guest(e, Message::Abort);
    case Effect::Kill:
      /* But what writes to a segment that was lost has to go. */
      if (p.journaled == Journaled::Committed &&
          e.transaction > coordinator_->programs().at(e.program).first)
        throw Violation{"KILL is sent before the end is durable"};
      return send_to_guest(e, Message::Kill);
    case Effect::Return:
      return send_to_guest(e, Message::Return);
    case Effect::Decide:
      p.deciding = true;
      return;
    case Effect::LogEnd:
      if (!p.may_end && p.session != 0) throw Violation{"a program ends and nobody wanted it"};
      if (!p.may_end && scenario_.detached) throw Violation{"a detached program ends by itself"};
      p.journaled = Journaled::Ended;
      return;
    case Effect::MarkLive:
    case Effect::MarkGone:
      return;
    case Effect::Remake: {
      p.segment++;
      p.first = e.transaction;
      Effects more;
      coordinator_->files_arrived(e.program, now_, more);
      return carry_out(more, Action::kNoCrash);
    }
    case Effect::Forget:
      if (p.journaled == Journaled::Received) p.journaled = Journaled::Nothing;
      return;
    case Effect::Committed:
      if (p.journaled != Journaled::Committed)
        throw Violation{"the consumer hears COMMITTED before it is durable"};
      if (!to_consumer) return;
      p.consumer = Consumer::Running;
      for (const GuestOutcome& o : e.guests) {
        const Node* n = node_of(o.vmid);
        if (open(*n) && !n->loads.count(program_of(e.program)))
          throw Violation{"the consumer is told of a guest that does not run it"};
        p.shown.insert(o.vmid);
      }
      return;
    case Effect::Aborted:
      if (p.journaled == Journaled::Committed)
        throw Violation{"the consumer hears ABORTED of a committed program"};
      if (to_consumer) p.consumer = Consumer::Done;
      return;
    case Effect::Joined:
      if (to_consumer) p.shown.insert(e.guests.at(0).vmid);
      return;
    case Effect::Gone:
    case Effect::Refused:
      if (to_consumer) p.shown.erase(e.guests.at(0).vmid);
      return;
    case Effect::Ended:
      if (to_consumer) p.consumer = Consumer::Done;
      return;
  }
}

/* --- actions --- */

size_t World::apply(const Action& action) {
  Effects out;
  const uint8_t a = action.a;
  Node* n = a < nodes_.size() ? &nodes_[a] : nullptr;
  Program* p = a < programs_.size() ? &programs_[a] : nullptr;
  switch (action.kind) {
    case Action::DeliverToGuest:
    case Action::DoubleToGuest:
    case Action::RefuseAtGuest: {
      const Message m = at(n->to_guest, action.b);
      if (action.kind == Action::DoubleToGuest)
        left_.doubles--;
      else
        n->to_guest.erase(m);
      if (action.kind == Action::RefuseAtGuest) left_.refusals--;
      deliver_to_guest(*n, m, action.kind == Action::RefuseAtGuest);
      break;
    }
    case Action::LoseToGuest:
      left_.losses--;
      n->to_guest.erase(at(n->to_guest, action.b));
      break;
    case Action::DeliverToCoordinator:
    case Action::DoubleToCoordinator: {
      const Message m = at(n->to_coordinator, action.b);
      if (action.kind == Action::DoubleToCoordinator)
        left_.doubles--;
      else
        n->to_coordinator.erase(m);
      deliver_to_coordinator(*n, m, out);
      break;
    }
    case Action::LoseToCoordinator:
      left_.losses--;
      n->to_coordinator.erase(at(n->to_coordinator, action.b));
      break;
    case Action::CloseGuestEnd:
      if (open(*n)) left_.breaks--;
      close_guest_end(*n);
      break;
    case Action::CloseCoordinatorEnd:
      if (open(*n)) left_.breaks--;
      coordinator_->disconnected(n->coordinators_end, now_, out);
      n->coordinators_end = 0;
      n->to_coordinator.clear();
      break;
    case Action::Connect:
      connect(a, out);
      break;
    case Action::CrashGuest:
      left_.guest_crashes--;
      n->participant = Participant(host_);
      n->loads.clear();
      n->refused.clear();
      n->to_guest.clear();
      n->end = 0;
      n->up = false;
      n->process++;
      break;
    case Action::HostLoaded:
      select(*n);
      n->loads.at(action.b).loading = false;
      answer(*n, action.b, n->participant.loaded(ident_of(action.b), 1u));
      break;
    case Action::HostFailed:
      left_.refusals--;
      select(*n);
      n->loads.erase(action.b);
      n->refused.insert(action.b);
      answer(*n, action.b, n->participant.loaded(ident_of(action.b), fail("cannot")));
      break;
    case Action::HostEnabled:
      select(*n);
      n->loads.at(action.b).enabling = false;
      n->loads.at(action.b).enabled = true;
      answer(*n, action.b, n->participant.enabled(ident_of(action.b)));
      break;
    case Action::Remind:
      for (const auto& [ident, said] : n->participant.remind()) answer(*n, program_of(ident), said);
      break;
    case Action::CrashCoordinator:
      left_.coordinator_crashes--;
      crash_coordinator();
      break;
    case Action::RestartCoordinator:
    case Action::RestartWithSegments:
      restart_coordinator(action.kind == Action::RestartWithSegments);
      break;
    case Action::WriteDecision:
      p->deciding = false;
      p->decision_durable = true;
      p->journaled = Journaled::Committed;
      break;
    case Action::HearDecision:
      p->decision_durable = false;
      coordinator_->decided(ident_of(a), true, {}, now_, out);
      break;
    case Action::FailDecision:
      left_.journal_failures--;
      p->deciding = false;
      coordinator_->decided(ident_of(a), false, "disk full", now_, out);
      break;
    case Action::Submit:
      submit(a, out);
      break;
    case Action::Detach:
      coordinator_->disconnected(p->session, now_, out);
      p->session = 0;
      p->consumer = Consumer::Done;
      break;
    case Action::ConsumerDies:
    case Action::ConsumerBreaks: {
      const PeerId session = p->session;
      p->session = 0;
      if (action.kind == Action::ConsumerDies) {
        left_.consumer_deaths--;
        p->consumer = Consumer::Dead;
      } else {
        left_.breaks--;
      }
      if (!scenario_.detached) p->may_end = true;
      if (session != 0) coordinator_->disconnected(session, now_, out);
      break;
    }
    case Action::KillProgram:
      left_.kills--;
      p->may_end = true;
      coordinator_->kill(ident_of(a), "killed", now_, out);
      break;
    case Action::Tick:
      left_.ticks--;
      now_ = *coordinator_->next_deadline();
      coordinator_->tick(now_, out);
      break;
  }
  carry_out(out, action.crash_after);
  check();
  return out.size();
}

}  // namespace hp::model
