/* What must always hold, and what must hold when nothing is left to do. */
#include "world.hpp"

namespace hp::model {

void World::check() const {
  for (const Node& n : nodes_) check_guest(n);
  for (uint8_t i = 0; i < programs_.size(); i++) check_program(i);
}

void World::check_guest(const Node& n) const {
  for (const auto& [i, load] : n.loads) {
    const Program& p = programs_[i];
    if (!n.given.count(i)) throw Violation{"a guest holds a program that it was not given"};
    if (!load.enabled && !load.enabling) continue;
    if (p.journaled != Journaled::Committed && p.journaled != Journaled::Ended)
      throw Violation{"a program is enabled whose decision is not durable"};
    if (load.version != p.version) throw Violation{"another object is enabled than was committed"};
    if (p.journaled != Journaled::Ended || !coordinator_ || !open(n)) continue;
    const Guest* guest = coordinator_->guest_of(n.end);
    if (!guest || !guest->owed.count(ident_of(i)))
      throw Violation{"a program that has ended is enabled, and nobody owes a KILL"};
  }
}

void World::check_program(uint8_t i) const {
  if (!coordinator_) return;
  const Program& p = programs_[i];
  auto it = coordinator_->programs().find(ident_of(i));
  const bool known = it != coordinator_->programs().end();
  const bool committed = known && it->second.phase == Coordinator::Phase::Committed;
  if (p.journaled == Journaled::Committed && !committed && !p.decision_durable)
    throw Violation{"a committed program is lost"};
  if (p.journaled != Journaled::Committed && committed)
    throw Violation{"a program is committed that the journal does not have"};
  const bool ending = known && it->second.phase == Coordinator::Phase::Ending;
  if (p.consumer == Consumer::Running && p.session != 0 && p.journaled != Journaled::Committed &&
      !ending)
    throw Violation{"the consumer was not told of the end"};
}

void World::check_rest() const {
  if (coordinator_->next_deadline()) throw Violation{"something is left to do"};
  for (const Node& n : nodes_) check_guest_at_rest(n);
  for (uint8_t i = 0; i < programs_.size(); i++) check_program_at_rest(i);
}

void World::check_guest_at_rest(const Node& n) const {
  if (n.up != (coordinator_->guest_of(n.coordinators_end) != nullptr))
    throw Violation{"a guest is registered that is gone, or the reverse"};
  if (!n.to_guest.empty() || !n.to_coordinator.empty()) throw Violation{"messages are left"};
  if (n.participant.undecided() != 0) throw Violation{"a guest waits for a decision for ever"};
  if (n.up && !coordinator_->guest_of(n.end)->owed.empty())
    throw Violation{"a KILL is owed for ever"};
  for (const auto& [i, load] : n.loads)
    if (programs_[i].journaled != Journaled::Committed)
      throw Violation{"a zombie: a guest runs what is not committed, or has ended"};
}

void World::check_program_at_rest(uint8_t i) const {
  const Program& p = programs_[i];
  const ProgramIdent ident = ident_of(i);
  auto it = coordinator_->programs().find(ident);
  const bool runs = p.journaled == Journaled::Committed;
  if (p.journaled == Journaled::Received) throw Violation{"a program is never decided"};
  if (runs != (it != coordinator_->programs().end()))
    throw Violation{"coordinator and journal do not agree"};
  const bool consumed = p.consumer == Consumer::Running;
  if (consumed && (!runs || p.session == 0)) throw Violation{"a consumer waits for nothing"};
  if (!consumed && p.consumer != Consumer::Done && p.consumer != Consumer::Dead)
    throw Violation{"a consumer never hears what became of its program"};
  if (runs && !consumed && !scenario_.detached) throw Violation{"a program outlives its consumer"};
  if (!runs) return;
  for (const Node& n : nodes_) {
    if (!n.up) continue;
    auto load = n.loads.find(i);
    const bool enabled = load != n.loads.end() && load->second.enabled;
    auto part = it->second.guests.find(n.vmid);
    if (enabled != (part != it->second.guests.end()))
      throw Violation{"guest and coordinator do not agree on what it runs"};
    if (consumed && enabled != (p.shown.count(n.vmid) != 0))
      throw Violation{"the consumer does not know who runs its program"};
    if (!enabled) {
      if (!n.refused.count(i) && !scenario_.skip_failing)
        throw Violation{"a guest that could run a committed program does not"};
      continue;
    }
    if (load->second.segment != p.segment)
      throw Violation{"a guest writes to a segment that is lost"};
    if (part->second.transaction != n.participant.programs().at(ident).transaction)
      throw Violation{"guest and coordinator mean different transactions"};
  }
  size_t up = 0;
  for (const Node& n : nodes_) up += n.up;
  if (it->second.guests.size() > up)
    throw Violation{"a participation is left of a guest that is gone"};
}

}  // namespace hp::model
