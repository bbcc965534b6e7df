/* What consumers, the clock and the end of connections do. */
#include "transport/coordinator.hpp"

#include <algorithm>

namespace hp {

/* --- small helpers --- */

Coordinator::Program* Coordinator::find(const ProgramIdent& ident) {
  auto it = programs_.find(ident);
  return it == programs_.end() ? nullptr : &it->second;
}

GuestOutcome Coordinator::outcome(uint32_t vmid, uint32_t probes, std::string reason) const {
  const Guest& g = registry_.at(vmid);
  return {vmid, g.name, g.hostname, probes, std::move(reason)};
}

void Coordinator::send(Effect::Kind kind, const ProgramIdent& ident, const Guest& guest,
                       Transaction n, Effects& out) const {
  out.push_back({kind, ident, guest.peer, guest.vmid, n, {}, {}});
}

void Coordinator::tell(Effect::Kind kind, const Program& p, std::vector<GuestOutcome> guests,
                       std::string reason, Effects& out) const {
  if (p.consumer == 0) return;
  out.push_back({kind, p.ident, p.consumer, 0, 0, std::move(guests), std::move(reason)});
}

void Coordinator::mark_live(const Program& p, uint32_t vmid, Effects& out) const {
  if (p.has_files) out.push_back({Effect::MarkLive, p.ident, 0, vmid, 0, {outcome(vmid)}, {}});
}

void Coordinator::mark_gone(const Program& p, uint32_t vmid, Effects& out) const {
  if (p.has_files) out.push_back({Effect::MarkGone, p.ident, 0, vmid, 0, {}, {}});
}

/* --- consumers --- */

Result<> Coordinator::submit(PeerId consumer, const ProgramIdent& ident,
                             const ProgramOptions& options, Matcher matches, Time now,
                             Effects& out) {
  if (find(ident)) return fail("program " + to_hex(ident) + " runs already");
  Program& p = programs_[ident];
  p.ident = ident;
  p.consumer = consumer;
  p.options = options;
  p.matches = std::move(matches);
  p.since = now;
  p.first = last_transaction_;
  for (auto& [vmid, guest] : registry_.all())
    if (p.matches(guest)) prepare(p, guest, false, now, out);
  advance(p, out);
  erase_finished(out);
  return {};
}

Result<> Coordinator::adopt(PeerId consumer, const ProgramIdent& ident, Time, Effects& out) {
  Program* p = find(ident);
  if (!p) return fail("there is no program " + to_hex(ident));
  if (p->phase == Phase::Ending || p->end_wanted)
    return fail("program " + to_hex(ident) + " ends: " + p->end_reason);
  p->consumer = consumer;
  p->told = false;
  if (!p->options.detached) p->grace.reset();
  advance(*p, out);
  return {};
}

Result<> Coordinator::attach(PeerId consumer, const ProgramIdent& ident) {
  Program* p = find(ident);
  if (!p) return fail("there is no program " + to_hex(ident));
  if (!p->options.detached) return fail("program " + to_hex(ident) + " has not been detached");
  if (p->phase != Phase::Committed || !p->told)
    return fail("program " + to_hex(ident) +
                (p->phase == Phase::Ending ? " ends" : " has not begun"));
  if (p->consumer != 0) return fail("program " + to_hex(ident) + " is attached already");
  p->consumer = consumer;
  return {};
}

bool Coordinator::kill(const ProgramIdent& ident, const std::string& reason, Time now,
                       Effects& out) {
  Program* p = find(ident);
  if (!p) return false;
  begin_end(*p, reason, now, out);
  erase_finished(out);
  return true;
}

void Coordinator::kill_all(const std::string& reason, Time now, Effects& out) {
  for (auto& [ident, p] : programs_) begin_end(p, reason, now, out);
  erase_finished(out);
}

/* --- the world --- */

void Coordinator::disconnected(PeerId peer, Time now, Effects& out) {
  for (auto& [ident, p] : programs_) {
    if (p.consumer != peer) continue;
    p.consumer = 0;
    if (!p.options.detached || p.phase == Phase::Preparing)
      begin_end(p, "its consumer ended", now, out);
  }
  if (Guest* guest = registry_.find(peer)) leave(*guest, out);
  erase_finished(out);
}

/* The guest's session is over. */
void Coordinator::leave(Guest& guest, Effects& out) {
  const uint32_t vmid = guest.vmid;
  for (auto& [ident, p] : programs_) {
    auto it = p.guests.find(vmid);
    if (it == p.guests.end()) continue;
    /* Before the decision this is no reason to deny the program to the others. */
    const bool ran = it->second.part == Part::Committing || it->second.part == Part::Enabled;
    p.guests.erase(it);
    mark_gone(p, vmid, out);
    if (ran) tell(Effect::Gone, p, {outcome(vmid)}, {}, out);
    advance(p, out);
  }
  registry_.remove(vmid);
}

void Coordinator::tick(Time now, Effects& out) {
  for (auto& [vmid, guest] : registry_.all())
    for (auto& [ident, kill] : guest.owed) {
      if (kill.due > now) continue;
      kill.due = now + kill.interval;
      send(Effect::Kill, ident, guest, kill.transaction, out);
    }
  for (auto& [ident, p] : programs_) {
    std::vector<uint32_t> late;
    for (const auto& [vmid, part] : p.guests)
      if (const auto t = due(p, part); t && *t <= now) late.push_back(vmid);
    for (const uint32_t vmid : late)
      if (p.guests.count(vmid)) tick(p, vmid, now, out); /* an abort may have cleared them */
    if (!p.grace || *p.grace > now) continue;
    p.grace.reset();
    if (!p.options.detached) {
      begin_end(p, "its consumer did not come back", now, out);
    } else if (!p.has_files && p.phase == Phase::Committed) {
      p.first = last_transaction_; /* what guests run so far writes to the segment that is lost */
      out.push_back({Effect::Remake, ident, 0, 0, p.first, {}, {}});
    }
  }
  erase_finished(out);
}

void Coordinator::tick(Program& p, uint32_t vmid, Time now, Effects& out) {
  Participation& part = p.guests.at(vmid);
  const Guest& guest = registry_.at(vmid);
  part.due = now + p.options.timeout / 2;
  switch (part.part) {
    case Part::Preparing:
      if (now < part.deadline) {
        part.due = std::min(part.due, part.deadline);
      } else if (!part.joined_late) {
        return drop_guest(p, vmid, "did not answer in time", true, out);
      } else if (!part.overdue && p.told) { /* the program is committed: it goes on being asked */
        part.overdue = true;
        tell(Effect::Refused, p, {outcome(vmid, 0, "did not answer in time")}, {}, out);
      }
      return send(Effect::Prepare, p.ident, guest, part.transaction, out);
    case Part::Committing: /* decided: it is said again until it answers or goes */
      return send(Effect::Commit, p.ident, guest, part.transaction, out);
    case Part::Enabled:
      return send(Effect::Return, p.ident, guest, part.transaction, out);
    case Part::Killing: /* the program need not wait; the KILL stays owed */
      p.guests.erase(vmid);
      return advance(p, out);
    case Part::Prepared:
      return;
  }
}

std::optional<Time> Coordinator::due(const Program& p, const Participation& part) {
  switch (part.part) {
    case Part::Preparing:
    case Part::Committing:
    case Part::Killing:
      return part.due;
    case Part::Enabled:
      if (part.has_segment && !p.has_files && p.options.detached) return part.due;
      return std::nullopt;
    case Part::Prepared:
      return std::nullopt;
  }
  return std::nullopt;
}

std::optional<Time> Coordinator::next_deadline() const {
  std::optional<Time> first;
  auto at = [&](std::optional<Time> t) {
    if (t && (!first || *t < *first)) first = t;
  };
  for (const auto& [vmid, guest] : registry_.all())
    for (const auto& [ident, kill] : guest.owed) at(kill.due);
  for (const auto& [ident, p] : programs_) {
    at(p.grace);
    for (const auto& [vmid, part] : p.guests) at(due(p, part));
  }
  return first;
}

}  // namespace hp
