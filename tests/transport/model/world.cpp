/* What can happen, and what it does. */
#include "world.hpp"

namespace hp::model {
namespace {

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
