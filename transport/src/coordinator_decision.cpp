/* The life of a program: both phases, the journal's word, the end, and what comes after a restart. */
#include "transport/coordinator.hpp"

namespace hp {

void Coordinator::prepare(Program& p, Guest& g, bool late, Time now, Effects& out) {
  Participation& part = p.guests[g.vmid];
  part = {};
  part.transaction = ++last_transaction_;
  part.due = now + p.options.timeout / 2;
  part.deadline = now + p.options.timeout;
  part.joined_late = late;
  p.seen.insert(g.vmid);
  /* It is asked anew: that it could not before, in a former session, is of no interest. */
  std::erase_if(p.failed, [&](const GuestOutcome& o) { return o.vmid == g.vmid; });
  mark_live(p, g.vmid, out);
  send(Effect::Prepare, p.ident, g, part.transaction, out);
}

/* Guests that match a committed program and have no part in it. */
uint32_t Coordinator::prepare_newcomers(Program& p, Time now, Effects& out) {
  uint32_t n = 0;
  for (auto& [vmid, guest] : registry_.all()) {
    if (p.guests.count(vmid) || guest.turned_down.count(p.ident) || !p.matches(guest)) continue;
    prepare(p, guest, true, now, out);
    n++;
  }
  return n;
}

/* A guest leaves the program: it refused, or did not answer in the first phase. */
void Coordinator::drop_guest(Program& p, uint32_t vmid, const std::string& reason, bool tell_guest,
                             Effects& out) {
  const auto it = p.guests.find(vmid);
  const bool first_phase = p.phase == Phase::Preparing || p.phase == Phase::Deciding;
  Guest& guest = registry_.at(vmid);
  if (tell_guest) send(Effect::Abort, p.ident, guest, it->second.transaction, out);
  p.guests.erase(it);
  guest.turned_down.insert(p.ident);
  mark_gone(p, vmid, out);
  GuestOutcome o = outcome(vmid, 0, reason);
  if (first_phase || !p.told)
    p.failed.push_back(std::move(o));
  else
    tell(Effect::Refused, p, {std::move(o)}, reason, out);
  advance(p, out);
}

/* Whether a guest is outstanding. Those that a phase waits for only ever become fewer, so the search goes on where
 * it last ended, and all answers of a phase together cost one walk over the guests. */
template <class Outstanding>
bool Coordinator::waits(Program& p, Outstanding outstanding) {
  auto it = p.guests.lower_bound(p.waits_for);
  while (it != p.guests.end() && !outstanding(it->second)) ++it;
  p.waits_for = it == p.guests.end() ? 0 : it->first;
  return it != p.guests.end();
}

void Coordinator::advance(Program& p, Effects& out) {
  if (p.phase == Phase::Preparing) {
    if (!p.failed.empty() && !p.options.skip_failing) {
      abort(p, "not every guest can run it", out);
      return;
    }
    if (waits(p, [](const Participation& part) { return part.part == Part::Preparing; })) return;
    p.phase = Phase::Deciding;
    out.push_back({Effect::Decide, p.ident, 0, 0, 0, {}, {}});
  }
  if (p.phase == Phase::Committed && !p.told) tell_committed(p, out);
  if (p.phase == Phase::Ending && p.guests.empty()) {
    tell(Effect::Ended, p, {}, p.end_reason, out);
    finished_.push_back(p.ident);
  }
}

/* Once every guest of the first phase has enabled it, or gone. */
void Coordinator::tell_committed(Program& p, Effects& out) {
  if (waits(p, [](const Participation& part) {
        return part.part != Part::Enabled && !part.joined_late;
      }))
    return;
  std::vector<GuestOutcome> enabled;
  for (const auto& [vmid, part] : p.guests)
    if (part.part == Part::Enabled) enabled.push_back(outcome(vmid, part.probes));
  p.told = true;
  tell(Effect::Committed, p, std::move(enabled), {}, out);
  for (GuestOutcome& o : p.failed) {
    std::string reason = o.reason;
    tell(Effect::Refused, p, {std::move(o)}, std::move(reason), out);
  }
  p.failed.clear();
}

void Coordinator::decided(const ProgramIdent& ident, bool durable, const std::string& why_not,
                          Time now, Effects& out) {
  Program* p = find(ident);
  if (!p || p->phase != Phase::Deciding) return;
  if (!durable) {
    abort(*p, "the decision could not be written down: " + why_not, out);
  } else if (p->end_wanted) { /* nobody was told to enable it */
    out.push_back({Effect::LogEnd, ident, 0, 0, 0, {}, p->end_reason});
    abort(*p, p->end_reason, out);
  } else {
    p->phase = Phase::Committed;
    for (auto& [vmid, part] : p->guests) {
      part.part = Part::Committing;
      part.due = now + p->options.timeout / 2;
      send(Effect::Commit, ident, registry_.at(vmid), part.transaction, out);
    }
    prepare_newcomers(*p, now, out); /* who came meanwhile */
    advance(*p, out);
  }
  erase_finished(out);
}

void Coordinator::abort(Program& p, const std::string& reason, Effects& out) {
  for (const auto& [vmid, part] : p.guests)
    send(Effect::Abort, p.ident, registry_.at(vmid), part.transaction, out);
  p.guests.clear();
  tell(Effect::Aborted, p, std::move(p.failed), reason, out);
  p.failed.clear();
  p.phase = Phase::Ending;
  finished_.push_back(p.ident);
}

void Coordinator::begin_end(Program& p, const std::string& reason, Time now, Effects& out) {
  if (p.phase == Phase::Preparing) return abort(p, reason, out);
  if (p.phase == Phase::Ending || p.end_wanted) return;
  p.end_reason = reason;
  p.end_wanted = true;
  if (p.phase == Phase::Deciding) return; /* what the journal says cannot be foreseen */
  p.phase = Phase::Ending;
  p.grace.reset();
  out.push_back({Effect::LogEnd, p.ident, 0, 0, 0, {}, reason});
  for (auto& [vmid, part] : p.guests) {
    part.part = Part::Killing;
    part.due = now + p.options.timeout;
    owe_kill(registry_.at(vmid), p.ident, part.transaction, p.options.timeout, now, out);
  }
  advance(p, out);
}

void Coordinator::erase_finished(Effects& out) {
  for (const ProgramIdent& ident : finished_) {
    if (!programs_.erase(ident)) continue;
    for (auto& [vmid, guest] : registry_.all()) guest.turned_down.erase(ident);
    out.push_back({Effect::Forget, ident, 0, 0, 0, {}, {}});
  }
  finished_.clear();
}

/* --- after a restart --- */

void Coordinator::recover(Recovered r, Time now, Effects& out) {
  if (find(r.ident)) return;
  Program& p = programs_[r.ident];
  p.ident = r.ident;
  p.options = r.options;
  p.matches = std::move(r.matches);
  p.since = now;
  p.phase = Phase::Committed;
  p.recovered = true;
  p.has_files = r.has_files;
  p.first = r.first;
  p.seen = std::move(r.seen);
  if (!p.options.detached || !p.has_files) p.grace = now + resume_grace_;
  advance(p, out);
}

void Coordinator::files_arrived(const ProgramIdent& ident, Time now, Effects& out) {
  Program* p = find(ident);
  if (!p || p->has_files) return;
  p->has_files = true;
  if (p->options.detached) p->grace.reset();
  for (const uint32_t vmid : p->seen)
    if (!p->guests.count(vmid)) mark_gone(*p, vmid, out);
  for (const auto& [vmid, part] : p->guests) mark_live(*p, vmid, out);
  if (p->phase != Phase::Committed) return;
  for (auto& [vmid, part] : p->guests)
    if (p->first != 0 && part.transaction <= p->first)
      prepare(*p, registry_.at(vmid), true, now, out);
  prepare_newcomers(*p, now, out);
}

}  // namespace hp
