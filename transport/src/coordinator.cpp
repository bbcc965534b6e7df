#include "transport/coordinator.hpp"

#include <algorithm>

namespace hp {

/* --- small helpers --- */

const Guest* Coordinator::guest_of(PeerId peer) const {
  auto it = by_peer_.find(peer);
  return it == by_peer_.end() ? nullptr : &guests_.at(it->second);
}

Coordinator::Program* Coordinator::find(const ProgramIdent& ident) {
  auto it = programs_.find(ident);
  return it == programs_.end() ? nullptr : &it->second;
}

Coordinator::Participation* Coordinator::participation(PeerId peer, const ProgramIdent& ident,
                                                       uint32_t& vmid, Program*& program) {
  program = nullptr;
  vmid = 0;
  const Guest* guest = guest_of(peer);
  if (!guest) return nullptr;
  vmid = guest->vmid;
  program = find(ident);
  if (!program) return nullptr;
  auto it = program->guests.find(vmid);
  return it == program->guests.end() ? nullptr : &it->second;
}

GuestOutcome Coordinator::outcome(uint32_t vmid, uint32_t probes, std::string reason) const {
  const Guest& g = guests_.at(vmid);
  return {vmid, g.name, g.hostname, probes, std::move(reason)};
}

void Coordinator::send(Effect::Kind kind, const Program& p, uint32_t vmid, Effects& out) {
  out.push_back({kind, p.ident, guests_.at(vmid).peer, vmid, {}, {}});
}

void Coordinator::tell(Effect::Kind kind, const Program& p, std::vector<GuestOutcome> guests,
                       std::string reason, Effects& out) {
  if (p.consumer == 0) return;
  out.push_back({kind, p.ident, p.consumer, 0, std::move(guests), std::move(reason)});
}

Result<uint32_t> Coordinator::choose_vmid(uint32_t wanted) {
  auto free = [&](uint32_t vmid) {
    if (vmid == 0 || vmid >= max_guests_ || guests_.count(vmid)) return false;
    return std::none_of(programs_.begin(), programs_.end(),
                        [&](const auto& p) { return p.second.seen.count(vmid) != 0; });
  };
  if (free(wanted)) return wanted;
  for (uint32_t i = 1; i < max_guests_; i++) {
    uint32_t vmid = (last_vmid_ + i - 1) % (max_guests_ - 1) + 1;
    if (!free(vmid)) continue;
    last_vmid_ = vmid;
    return vmid;
  }
  return fail("all " + std::to_string(max_guests_ - 1) + " guest numbers are taken");
}

/* --- the transaction --- */

void Coordinator::prepare(Program& p, const Guest& g, bool late, Time now, Effects& out) {
  Participation& part = p.guests[g.vmid];
  part = {Part::Preparing, now + p.options.timeout, 0, late};
  p.seen.insert(g.vmid);
  out.push_back({Effect::MarkLive, p.ident, 0, g.vmid, {outcome(g.vmid)}, {}});
  send(Effect::Prepare, p, g.vmid, out);
}

/* A guest leaves the program before it was enabled there: it refused, did not answer, or ended. */
void Coordinator::drop_guest(Program& p, uint32_t vmid, const std::string& reason, bool tell_guest,
                             Time now, Effects& out) {
  bool late = p.guests.at(vmid).joined_late;
  if (tell_guest) send(Effect::Abort, p, vmid, out);
  p.guests.erase(vmid);
  out.push_back({Effect::MarkGone, p.ident, 0, vmid, {}, {}});
  GuestOutcome o = outcome(vmid, 0, reason);
  if (late)
    tell(Effect::Refused, p, {o}, reason, out);
  else
    p.failed.push_back(std::move(o));
  advance(p, now, out);
}

void Coordinator::advance(Program& p, Time now, Effects& out) {
  if (p.phase == Phase::Preparing) {
    if (!p.failed.empty() && !p.options.skip_failing) {
      abort(p, "not every guest can run it", out);
      return;
    }
    for (auto& [vmid, part] : p.guests)
      if (part.part == Part::Preparing) return;
    p.phase = Phase::Committed; /* the decision */
    for (auto& [vmid, part] : p.guests) {
      part.part = Part::Committing;
      part.deadline = now + p.options.timeout;
      send(Effect::Commit, p, vmid, out);
    }
    for (auto& [vmid, guest] : guests_) /* who came during phase one */
      if (!p.seen.count(vmid) && p.matches(guest)) prepare(p, guest, true, now, out);
  }
  if (p.phase == Phase::Committed && !p.told) {
    std::vector<GuestOutcome> enabled;
    for (auto& [vmid, part] : p.guests) {
      if (part.joined_late) continue;
      if (part.part != Part::Enabled) return;
      enabled.push_back(outcome(vmid, part.probes));
    }
    p.told = true;
    tell(Effect::Committed, p, std::move(enabled), {}, out);
    for (GuestOutcome& o : p.failed) {
      std::string reason = o.reason;
      tell(Effect::Refused, p, {std::move(o)}, std::move(reason), out);
    }
    p.failed.clear();
    for (auto& [vmid, part] : p.guests)
      if (part.joined_late && part.part == Part::Enabled)
        tell(Effect::Joined, p, {outcome(vmid, part.probes)}, {}, out);
  }
  if (p.phase == Phase::Ending && p.guests.empty()) {
    tell(Effect::Ended, p, {}, p.end_reason, out);
    finished_.push_back(p.ident);
  }
}

void Coordinator::abort(Program& p, const std::string& reason, Effects& out) {
  for (auto& [vmid, part] : p.guests) send(Effect::Abort, p, vmid, out);
  p.guests.clear();
  tell(Effect::Aborted, p, std::move(p.failed), reason, out);
  p.failed.clear();
  p.phase = Phase::Ending;
  finished_.push_back(p.ident);
}

void Coordinator::begin_end(Program& p, const std::string& reason, Time now, Effects& out) {
  if (p.phase == Phase::Preparing) {
    abort(p, reason, out);
    return;
  }
  if (p.phase == Phase::Ending) return;
  p.phase = Phase::Ending;
  p.end_reason = reason;
  for (auto& [vmid, part] : p.guests) {
    part.part = Part::Killing;
    part.deadline = now + p.options.timeout;
    send(Effect::Kill, p, vmid, out);
  }
  advance(p, now, out);
}

void Coordinator::erase_finished(Effects& out) {
  for (const ProgramIdent& ident : finished_) {
    if (!programs_.erase(ident)) continue;
    out.push_back({Effect::Forget, ident, 0, 0, {}, {}});
  }
  finished_.clear();
}

/* --- guests --- */

Result<Coordinator::Registered> Coordinator::register_guest(
    PeerId peer, const GuestInfo& info, uint32_t wanted, const std::vector<ProgramIdent>& running,
    Time now, Effects& out) {
  if (by_peer_.count(peer)) return fail("this connection has registered a guest already");
  for (auto& [vmid, g] : guests_)
    if (g.name == info.name)
      return fail("a guest named '" + info.name + "' is registered already (pid " +
                  std::to_string(g.pid) + ")");
  uint32_t vmid = HP_TRY(choose_vmid(wanted));
  Guest guest;
  static_cast<GuestInfo&>(guest) = info;
  guest.peer = peer;
  guest.vmid = vmid;
  guest.since = now;
  guests_[vmid] = guest;
  by_peer_[peer] = vmid;

  for (const ProgramIdent& ident : running) {
    Program* p = find(ident);
    if (!p || p->phase != Phase::Committed || !p->matches(guest))
      out.push_back({Effect::Kill, ident, peer, vmid, {}, {}});
  }
  uint32_t pending = 0;
  for (auto& [ident, p] : programs_) {
    if (p.phase != Phase::Committed || !p.matches(guest)) continue;
    prepare(p, guest, true, now, out);
    pending++;
  }
  return Registered{vmid, pending};
}

void Coordinator::prepared(PeerId peer, const ProgramIdent& ident, uint32_t probes, Time now,
                           Effects& out) {
  uint32_t vmid;
  Program* p;
  Participation* part = participation(peer, ident, vmid, p);
  if (!part) { /* aborted meanwhile, or never known: presumed abort */
    if (vmid) out.push_back({Effect::Abort, ident, peer, vmid, {}, {}});
    return;
  }
  if (part->part != Part::Preparing) return;
  part->probes = probes;
  if (p->phase == Phase::Committed) { /* joins late */
    part->part = Part::Committing;
    part->deadline = now + p->options.timeout;
    send(Effect::Commit, *p, vmid, out);
  } else {
    part->part = Part::Prepared;
    advance(*p, now, out);
  }
  erase_finished(out);
}

void Coordinator::refused(PeerId peer, const ProgramIdent& ident, const std::string& reason,
                          Time now, Effects& out) {
  uint32_t vmid;
  Program* p;
  Participation* part = participation(peer, ident, vmid, p);
  if (!part) return;
  if (part->part == Part::Killing) {
    killed(peer, ident, now, out);
    return;
  }
  if (part->part == Part::Committing || part->part == Part::Enabled) part->joined_late = true;
  drop_guest(*p, vmid, reason, false, now, out);
  erase_finished(out);
}

void Coordinator::committed(PeerId peer, const ProgramIdent& ident, Time now, Effects& out) {
  uint32_t vmid;
  Program* p;
  Participation* part = participation(peer, ident, vmid, p);
  if (!part) { /* it runs what nobody knows */
    if (vmid) out.push_back({Effect::Kill, ident, peer, vmid, {}, {}});
    return;
  }
  if (part->part != Part::Committing) return;
  part->part = Part::Enabled;
  if (p->told)
    tell(Effect::Joined, *p, {outcome(vmid, part->probes)}, {}, out);
  else
    advance(*p, now, out);
}

void Coordinator::killed(PeerId peer, const ProgramIdent& ident, Time now, Effects& out) {
  uint32_t vmid;
  Program* p;
  Participation* part = participation(peer, ident, vmid, p);
  if (!part || part->part != Part::Killing) return;
  p->guests.erase(vmid);
  advance(*p, now, out);
  erase_finished(out);
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
  for (auto& [vmid, guest] : guests_)
    if (p.matches(guest)) prepare(p, guest, false, now, out);
  advance(p, now, out);
  erase_finished(out);
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
    begin_end(p, "its consumer ended", now, out);
  }
  auto it = by_peer_.find(peer);
  if (it != by_peer_.end()) {
    const uint32_t vmid = it->second;
    for (auto& [ident, p] : programs_) {
      auto part = p.guests.find(vmid);
      if (part == p.guests.end()) continue;
      if (part->second.part == Part::Preparing || part->second.part == Part::Prepared) {
        /* It ended before the decision: no reason to deny the program to the others. */
        p.guests.erase(part);
        out.push_back({Effect::MarkGone, ident, 0, vmid, {}, {}});
      } else {
        bool ran = part->second.part != Part::Killing;
        p.guests.erase(part);
        out.push_back({Effect::MarkGone, ident, 0, vmid, {}, {}});
        if (ran) tell(Effect::Gone, p, {outcome(vmid)}, {}, out);
      }
      advance(p, now, out);
    }
    guests_.erase(vmid);
    by_peer_.erase(peer);
  }
  erase_finished(out);
}

void Coordinator::tick(Time now, Effects& out) {
  for (auto& [ident, p] : programs_) {
    std::vector<uint32_t> due;
    for (auto& [vmid, part] : p.guests)
      if (part.deadline <= now && part.part != Part::Enabled && part.part != Part::Prepared)
        due.push_back(vmid);
    for (uint32_t vmid : due) {
      auto it = p.guests.find(vmid);
      if (it == p.guests.end()) continue; /* an abort cleared them */
      switch (it->second.part) {
        case Part::Preparing:
          drop_guest(p, vmid, "did not answer in time", true, now, out);
          break;
        case Part::Committing: /* decided: say it again until it answers or goes */
          it->second.deadline = now + p.options.timeout;
          send(Effect::Commit, p, vmid, out);
          break;
        case Part::Killing: /* its mask is its own to clear; it is told again if it ever speaks */
          p.guests.erase(it);
          advance(p, now, out);
          break;
        case Part::Prepared:
        case Part::Enabled:
          break;
      }
    }
  }
  erase_finished(out);
}

std::optional<Time> Coordinator::next_deadline() const {
  std::optional<Time> first;
  for (auto& [ident, p] : programs_)
    for (auto& [vmid, part] : p.guests) {
      if (part.part == Part::Enabled || part.part == Part::Prepared) continue;
      if (!first || part.deadline < *first) first = part.deadline;
    }
  return first;
}

}  // namespace hp
