/* Messages between guests and the coordinator, and what comes of the coordinator's effects. */
#include "world.hpp"

namespace hp::model {

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

}  // namespace hp::model
