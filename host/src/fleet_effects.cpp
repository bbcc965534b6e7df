#include "host/fleet_effects.hpp"

#include <spdlog/spdlog.h>

namespace hp {

FleetProgram* FleetEffects::program(const Effect& e) {
  auto it = state_.programs.find(e.program);
  return it == state_.programs.end() ? nullptr : &it->second;
}

void FleetEffects::carry_out(const Effects& effects) {
  for (const Effect& e : effects) carry_out(e);
}

void FleetEffects::carry_out(const Effect& e) {
  switch (e.kind) {
    case Effect::Prepare:
      return prepare(e);
    case Effect::Commit:
      return to_guest(e, "program.commit");
    case Effect::Abort:
      return to_guest(e, "program.abort");
    case Effect::Kill:
      return to_guest(e, "program.kill");
    case Effect::MarkLive:
      if (const FleetProgram* p = program(e)) p->mark_live(e.vmid, e.guests.at(0));
      return;
    case Effect::MarkGone:
      if (const FleetProgram* p = program(e)) p->mark_gone(e.vmid);
      return;
    case Effect::Committed:
    case Effect::Aborted:
      return decision(e);
    case Effect::Joined:
      return to_consumer(e, "guest.joined");
    case Effect::Gone:
      return to_consumer(e, "guest.gone");
    case Effect::Refused:
      return to_consumer(e, "guest.refused");
    case Effect::Ended:
      return ended(e);
    case Effect::Forget:
      return forget(e);
  }
}

void FleetEffects::to_guest(const Effect& e, const char* method) {
  if (FleetPeer* guest = state_.peers.find(e.peer))
    state_.peers.send(
        *guest, rpc::notification(method, rpc::Object().text("ident", to_hex(e.program)).json()));
}

void FleetEffects::to_consumer(const Effect& e, const char* method) {
  const std::string ident = to_hex(e.program);
  if (FleetPeer* consumer = state_.peers.find(e.peer))
    state_.peers.send(*consumer, rpc::notification(method, outcome_json(e.guests.at(0), &ident)));
}

void FleetEffects::prepare(const Effect& e) {
  FleetPeer* guest = state_.peers.find(e.peer);
  const FleetProgram* p = program(e);
  if (!guest || !p) return;
  state_.peers.send(
      *guest,
      rpc::notification("program.prepare",
                        rpc::Object().text("ident", to_hex(e.program)).number("fds", 2).json()),
      {p->object, p->segment});
}

void FleetEffects::decision(const Effect& e) {
  const bool well = e.kind == Effect::Committed;
  const std::string ident = to_hex(e.program);
  spdlog::info("program {} {} ({} guests)", ident, well ? "is committed" : "was aborted",
               e.guests.size());
  FleetPeer* consumer = state_.peers.find(e.peer);
  if (!consumer || !consumer->submits.count(e.program)) return;
  const std::string request = consumer->submits.extract(e.program).mapped();
  rpc::Object object;
  object.text("ident", ident).raw("guests", outcomes_json(e.guests));
  if (!well) object.text("reason", e.reason);
  const std::string data = object.json();
  state_.peers.send(*consumer, well ? rpc::answer(request, data)
                                    : rpc::failure(request, rpc::kAborted,
                                                   abort_message(e.reason, e.guests), data));
}

void FleetEffects::ended(const Effect& e) {
  FleetPeer* consumer = state_.peers.find(e.peer);
  const FleetProgram* p = program(e);
  if (!consumer || !p || p->awaits_end(e.peer)) return;
  state_.peers.send(
      *consumer,
      rpc::notification(
          "program.ended",
          rpc::Object().text("ident", to_hex(e.program)).text("reason", e.reason).json()));
}

void FleetEffects::forget(const Effect& e) {
  auto node = state_.programs.extract(e.program);
  if (!node) return;
  const std::string ident = to_hex(e.program);
  spdlog::info("program {} has ended", ident);
  for (auto& [id, request] : node.mapped().kills)
    if (FleetPeer* asker = state_.peers.find(id))
      state_.peers.send(*asker, rpc::answer(request, rpc::Object().text("ident", ident).json()));
}

}  // namespace hp
