/* Which actions are possible, and which of them leads to rest. */
#include "world.hpp"

namespace hp::model {

std::string to_text(const Action& x) {
  static constexpr std::array kNames{"deliver to guest",
                                     "deliver, and double, to guest",
                                     "lose to guest",
                                     "guest refuses",
                                     "deliver to coordinator from guest",
                                     "deliver, and double, to coordinator from guest",
                                     "lose to coordinator from guest",
                                     "guest's end is closed, guest",
                                     "coordinator's end is closed, guest",
                                     "connects: guest",
                                     "crash of guest",
                                     "host has loaded: guest",
                                     "host cannot load: guest",
                                     "host has enabled: guest",
                                     "reminds: guest",
                                     "coordinator crashes",
                                     "coordinator restarts",
                                     "coordinator restarts with segments",
                                     "decision is written of program",
                                     "decision is heard of program",
                                     "decision cannot be written of program",
                                     "submit of program",
                                     "consumer detaches from program",
                                     "consumer dies of program",
                                     "consumer's session breaks of program",
                                     "kill of program",
                                     "tick"};
  std::string text = kNames.at(x.kind);
  text += " " + std::to_string(x.a) + " #" + std::to_string(x.b);
  if (x.crash_after != Action::kNoCrash)
    text += ", and the coordinator crashes after " + std::to_string(x.crash_after) + " effects";
  return text;
}

namespace {

bool has_loaded(const Participant& p) {
  for (const auto& [ident, held] : p.programs())
    if (held.stage == Participant::Stage::Loaded) return true;
  return false;
}

}  // namespace

std::vector<Action> World::actions() const {
  std::vector<Action> out;
  auto add = [&](Action::Kind kind, size_t a = 0, size_t b = 0) {
    out.push_back({kind, static_cast<uint8_t>(a), static_cast<uint8_t>(b)});
  };
  for (size_t g = 0; g < nodes_.size(); g++) {
    const Node& n = nodes_[g];
    size_t i = 0;
    for (const Message& m : n.to_guest) {
      add(Action::DeliverToGuest, g, i);
      if (left_.doubles) add(Action::DoubleToGuest, g, i);
      if (left_.losses) add(Action::LoseToGuest, g, i);
      if (left_.refusals && m.kind == Message::Prepare && !n.slow) add(Action::RefuseAtGuest, g, i);
      i++;
    }
    for (i = 0; i < n.to_coordinator.size(); i++) {
      add(Action::DeliverToCoordinator, g, i);
      if (left_.doubles) add(Action::DoubleToCoordinator, g, i);
      if (left_.losses) add(Action::LoseToCoordinator, g, i);
    }
    const bool may_break = !open(n) || left_.breaks != 0;
    if (n.end != 0 && may_break) add(Action::CloseGuestEnd, g);
    if (n.coordinators_end != 0 && may_break) add(Action::CloseCoordinatorEnd, g);
    const bool name_is_free = n.coordinators_end == 0 || n.coordinators_process == n.process;
    if (coordinator_ && n.end == 0 && name_is_free) add(Action::Connect, g);
    if (n.up && left_.guest_crashes) add(Action::CrashGuest, g);
    for (const auto& [p, load] : n.loads) {
      if (load.loading) add(Action::HostLoaded, g, p);
      if (load.loading && left_.refusals) add(Action::HostFailed, g, p);
      if (load.enabling) add(Action::HostEnabled, g, p);
    }
    if (open(n) && has_loaded(n.participant)) add(Action::Remind, g);
  }
  if (coordinator_) {
    if (left_.coordinator_crashes) add(Action::CrashCoordinator);
    if (left_.ticks && coordinator_->next_deadline()) add(Action::Tick);
  } else {
    add(Action::RestartCoordinator);
    if (scenario_.detached) add(Action::RestartWithSegments);
  }
  for (uint8_t i = 0; i < programs_.size(); i++) {
    const Program& p = programs_[i];
    if (p.deciding) add(Action::WriteDecision, i);
    if (p.deciding && left_.journal_failures) add(Action::FailDecision, i);
    if (p.decision_durable) add(Action::HearDecision, i);
    if (can_submit(i)) add(Action::Submit, i);
    if (scenario_.detached && p.session != 0 && p.consumer == Consumer::Running)
      add(Action::Detach, i);
    const bool lives = p.consumer == Consumer::Waiting || p.consumer == Consumer::Running;
    if (lives && left_.consumer_deaths) add(Action::ConsumerDies, i);
    if (p.session != 0 && lives && left_.breaks) add(Action::ConsumerBreaks, i);
    if (left_.kills && coordinator_ && coordinator_->programs().count(ident_of(i)))
      add(Action::KillProgram, i);
  }
  return out;
}

std::optional<Action> World::next_without_faults() const {
  if (!coordinator_) return Action{Action::RestartCoordinator};
  for (uint8_t i = 0; i < programs_.size(); i++) {
    if (programs_[i].deciding) return Action{Action::WriteDecision, i};
    if (programs_[i].decision_durable) return Action{Action::HearDecision, i};
  }
  for (uint8_t g = 0; g < nodes_.size(); g++) {
    const Node& n = nodes_[g];
    if (n.end != 0 && !open(n)) return Action{Action::CloseGuestEnd, g};
    if (n.coordinators_end != 0 && !open(n)) return Action{Action::CloseCoordinatorEnd, g};
    if (n.up && n.end == 0) return Action{Action::Connect, g};
    if (!n.to_coordinator.empty()) return Action{Action::DeliverToCoordinator, g};
    if (!n.to_guest.empty()) return Action{Action::DeliverToGuest, g};
    for (const auto& [p, load] : n.loads) {
      if (load.loading) return Action{Action::HostLoaded, g, p};
      if (load.enabling) return Action{Action::HostEnabled, g, p};
    }
  }
  for (uint8_t i = 0; i < programs_.size(); i++)
    if (can_submit(i)) return Action{Action::Submit, i};
  return std::nullopt;
}

bool World::heal() {
  if (const auto action = next_without_faults()) {
    apply(*action);
    return true;
  }
  bool moved = false; /* all is quiet: time passes */
  for (uint8_t g = 0; g < nodes_.size(); g++) {
    if (!has_loaded(nodes_[g].participant)) continue;
    apply({Action::Remind, g});
    moved = true;
  }
  if (!coordinator_->next_deadline()) return moved;
  apply({Action::Tick});
  return true;
}

}  // namespace hp::model
