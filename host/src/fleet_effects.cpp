#include "host/fleet_effects.hpp"

#include "host/fleet_messages.hpp"
#include "host/service_manager.hpp"

namespace hp {

void FleetEffects::carry_out(Effects effects) {
  while (!effects.empty()) {
    Effects more;
    for (const Effect& e : effects) carry_out(e, more);
    effects = std::move(more);
  }
}

void FleetEffects::carry_out(const Effect& e, Effects& more) {
  const FleetProgram* p = state_.find(e.program);
  switch (e.kind) {
    case Effect::Prepare:
      return prepare(e);
    case Effect::Commit:
      return to_guest(e, "program.commit");
    case Effect::Abort:
      return to_guest(e, "program.abort");
    case Effect::Kill:
      return to_guest(e, "program.kill");
    case Effect::Return:
      return to_guest(e, "program.return");
    case Effect::Decide:
      return decide(e, more);
    case Effect::LogEnd:
      return log_end(e);
    case Effect::MarkLive:
      if (p && p->segment) p->segment.mark_live(e.vmid, e.guests.at(0));
      return;
    case Effect::MarkGone:
      if (p && p->segment) p->segment.mark_gone(e.vmid);
      return;
    case Effect::Remake:
      return remake(e, more);
    case Effect::Forget:
      return forget(e);
    case Effect::Committed:
    case Effect::Aborted:
      return answer_submit(e);
    case Effect::Joined:
      return to_consumer(e, "guest.joined");
    case Effect::Gone:
      return to_consumer(e, "guest.gone");
    case Effect::Refused:
      return to_consumer(e, "guest.refused");
    case Effect::Ended:
      return ended(e);
  }
}

/* --- to guests --- */

void FleetEffects::to_guest(const Effect& e, const char* method) {
  if (FleetPeer* guest = state_.peers.find(e.peer))
    state_.peers.send(*guest, rpc::notification(method, rpc::Object()
                                                            .text("ident", to_hex(e.program))
                                                            .number("transaction", e.transaction)
                                                            .json()));
}

void FleetEffects::prepare(const Effect& e) {
  FleetPeer* guest = state_.peers.find(e.peer);
  const FleetProgram* p = state_.find(e.program);
  if (!guest || !p || !p->segment) return;
  state_.peers.send(*guest,
                    rpc::notification("program.prepare", rpc::Object()
                                                             .text("ident", to_hex(e.program))
                                                             .number("transaction", e.transaction)
                                                             .number("fds", 2)
                                                             .json()),
                    {p->object, p->segment.fd()});
}

/* --- to the journal --- */

void FleetEffects::decide(const Effect& e, Effects& more) {
  FleetProgram* p = state_.find(e.program);
  if (!p) return;
  const auto durable = state_.journal.committed(e.program);
  std::string why_not;
  if (durable) {
    p->committed_ns = FleetState::wall_clock_ns();
    state_.log.say("committed", e.program, "", "");
    if (p->detached) service_manager::keep(to_hex(e.program), p->segment.fd()->get());
  } else {
    why_not = durable.error().message;
    state_.log.error(e.program, why_not);
    state_.store.remove(e.program); /* whatever the journal is found to say: it is not recovered */
  }
  state_.coordinator.decided(e.program, durable.has_value(), why_not, FleetState::now(), more);
}

void FleetEffects::log_end(const Effect& e) {
  FleetProgram* p = state_.find(e.program);
  if (!p) return;
  p->end_logged = true;
  state_.log.say("ended", e.program, "", e.reason);
  if (auto durable = state_.journal.ended(e.program, e.reason); !durable) {
    state_.log.error(e.program, "its end could not be written down: " + durable.error().message);
    state_.store.remove(e.program);
  }
  if (p->detached) service_manager::forget(to_hex(e.program));
}

/* --- to files --- */

/* Nobody has the segment any more: what was recorded in it is lost, what the program is is not. */
void FleetEffects::remake(const Effect& e, Effects& more) {
  FleetProgram* p = state_.find(e.program);
  if (!p) return;
  const auto made = [&]() -> Result<> {
    p->segment = HP_TRY(FleetSegment::revive(HP_TRY(state_.store.segment(e.program))));
    p->identity = p->segment.identity();
    return state_.journal.segment(e.program, p->identity.device, p->identity.inode, e.transaction);
  }();
  if (!made) {
    state_.coordinator.kill(e.program, "its segment is lost: " + made.error().message,
                            FleetState::now(), more);
    return;
  }
  p->data_lost = true;
  state_.log.warn("remade", e.program, "",
                  "nobody brought its segment back: it was made anew, and what it held is lost");
  service_manager::keep(to_hex(e.program), p->segment.fd()->get());
  state_.coordinator.files_arrived(e.program, FleetState::now(), more);
}

void FleetEffects::forget(const Effect& e) {
  auto node = state_.programs.extract(e.program);
  if (!node) return;
  const FleetProgram& p = node.mapped();
  if (!p.end_logged) { /* it was never committed: a journal that does not take this says the same */
    std::string reason = p.abort_reason;
    if (reason.empty()) { /* there was nobody to tell */
      reason = "its consumer ended before it was decided";
      state_.log.warn("aborted", e.program, "", reason);
    }
    if (auto kept = state_.journal.ended(e.program, reason); !kept)
      state_.log.error(e.program, kept.error().message);
  }
  state_.store.remove(e.program);
  const std::string ident = to_hex(e.program);
  for (const auto& [id, request] : p.kills)
    if (FleetPeer* asker = state_.peers.find(id))
      state_.peers.send(*asker, rpc::answer(request, rpc::Object().text("ident", ident).json()));
}

/* --- to consumers --- */

void FleetEffects::to_consumer(const Effect& e, const char* method) {
  const std::string ident = to_hex(e.program);
  if (FleetPeer* consumer = state_.peers.find(e.peer))
    state_.peers.send(*consumer, rpc::notification(method, outcome_json(e.guests.at(0), &ident)));
}

void FleetEffects::answer_submit(const Effect& e) {
  const bool well = e.kind == Effect::Committed;
  const std::string message = well ? "" : abort_message(e.reason, e.guests);
  if (!well) {
    state_.log.warn("aborted", e.program, "", message);
    if (FleetProgram* p = state_.find(e.program)) p->abort_reason = message;
  }
  FleetPeer* consumer = state_.peers.find(e.peer);
  if (!consumer) return;
  auto submit = consumer->submits.extract(e.program);
  if (!submit) return;
  const auto& [request, adopted] = submit.mapped();
  rpc::Object object;
  object.text("ident", to_hex(e.program)).raw("guests", outcomes_json(e.guests));
  if (well)
    object.flag("adopted", adopted);
  else
    object.text("reason", e.reason);
  const std::string data = object.json();
  state_.peers.send(*consumer, well ? rpc::answer(request, data)
                                    : rpc::failure(request, rpc::kAborted, message, data));
}

void FleetEffects::ended(const Effect& e) {
  FleetPeer* consumer = state_.peers.find(e.peer);
  const FleetProgram* p = state_.find(e.program);
  if (!consumer || !p || p->awaits_end(e.peer)) return;
  state_.peers.send(
      *consumer,
      rpc::notification(
          "program.ended",
          rpc::Object().text("ident", to_hex(e.program)).text("reason", e.reason).json()));
}

}  // namespace hp
