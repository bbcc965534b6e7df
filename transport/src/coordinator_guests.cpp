/* What guests say: their registration with what they run, and their answers. */
#include <algorithm>

#include "transport/coordinator.hpp"

namespace hp {

Coordinator::Found Coordinator::find(PeerId peer, const ProgramIdent& ident, Transaction n) {
  Found found;
  found.guest = registry_.find(peer);
  if (!found.guest) return found;
  found.program = find(ident);
  if (!found.program) return found;
  auto it = found.program->guests.find(found.guest->vmid);
  if (it == found.program->guests.end()) return found;
  if (n == 0 || n == it->second.transaction) found.part = &it->second;
  return found;
}

Result<Coordinator::Registered> Coordinator::register_guest(PeerId peer, const GuestInfo& info,
                                                            uint32_t wanted,
                                                            const std::vector<Claim>& claims,
                                                            Time now, Effects& out) {
  if (const Guest* former = registry_.find(info.name);
      former && former->peer != peer && former->pid != 0 && former->pid == info.pid &&
      former->uid == info.uid)
    disconnected(former->peer, now, out);
  Guest& guest = *HP_TRY(registry_.add(peer, info, wanted, now, [&](uint32_t vmid) {
    return std::any_of(programs_.begin(), programs_.end(),
                       [&](const auto& p) { return p.second.seen.count(vmid) != 0; });
  }));
  std::set<ProgramIdent> claimed;
  for (const Claim& claim : claims) {
    if (!claimed.insert(claim.ident).second) continue;
    Program* p = find(claim.ident);
    if (p && may_claim(*p, guest, claim))
      confirm(*p, guest, claim, now, out);
    else
      owe_kill(guest, claim.ident, claim.transaction,
               p ? p->options.timeout : ProgramOptions{}.timeout, now, out);
  }
  uint32_t pending = 0;
  for (auto& [ident, p] : programs_) {
    if (p.phase != Phase::Committed || !p.has_files || p.guests.count(guest.vmid) ||
        !p.matches(guest))
      continue;
    prepare(p, guest, true, now, out);
    pending++;
  }
  return Registered{guest.vmid, pending};
}

/* Whether it can be true that the guest runs what it says: the program is committed, and this number was given for
 * it to this guest. What a coordinator before this one gave is not known; that it matches must do. */
bool Coordinator::may_claim(const Program& p, const Guest& guest, const Claim& claim) const {
  if (p.phase != Phase::Committed || !p.matches(guest)) return false;
  if (claim.transaction == 0
          ? p.recovered && p.first != 0 /* remade: nobody knows what it runs */
          : claim.transaction <= p.first || claim.transaction > last_transaction_)
    return false;
  const bool of_before = claim.transaction < first_transaction(epoch_);
  return p.seen.count(guest.vmid) != 0 || (p.recovered && of_before);
}

void Coordinator::confirm(Program& p, Guest& guest, const Claim& claim, Time now, Effects& out) {
  Participation& part = p.guests[guest.vmid];
  part = {};
  part.part = Part::Committing;
  part.transaction = claim.transaction;
  part.due = now + p.options.timeout / 2;
  part.probes = claim.probes;
  part.joined_late = true;
  part.has_segment = true;
  p.seen.insert(guest.vmid);
  mark_live(p, guest.vmid, out);
  send(Effect::Commit, p.ident, guest, claim.transaction, out);
  if (!p.has_files && p.options.detached)
    send(Effect::Return, p.ident, guest, claim.transaction, out);
}

void Coordinator::owe_kill(Guest& guest, const ProgramIdent& ident, Transaction n, Time interval,
                           Time now, Effects& out) const {
  OwedKill& owed = guest.owed[ident];
  owed = {std::max(owed.transaction, n), now + interval, interval};
  send(Effect::Kill, ident, guest, owed.transaction, out);
}

void Coordinator::prepared(PeerId peer, const ProgramIdent& ident, Transaction n, uint32_t probes,
                           Time now, Effects& out) {
  const Found f = find(peer, ident, n);
  if (!f.guest) return;
  if (!f.part) /* aborted meanwhile, or never known: presumed abort */
    return send(Effect::Abort, ident, *f.guest, n, out);
  if (f.part->part != Part::Preparing) return;
  f.part->probes = probes;
  if (f.program->phase == Phase::Committed) { /* joins late */
    f.part->part = Part::Committing;
    f.part->due = now + f.program->options.timeout / 2;
    send(Effect::Commit, ident, *f.guest, f.part->transaction, out);
  } else {
    f.part->part = Part::Prepared;
    advance(*f.program, out);
  }
  erase_finished(out);
}

void Coordinator::refused(PeerId peer, const ProgramIdent& ident, Transaction n,
                          const std::string& reason, Time now, Effects& out) {
  const Found f = find(peer, ident, n);
  if (!f.part) return;
  if (f.part->part == Part::Killing) return killed(peer, ident, n, now, out);
  drop_guest(*f.program, f.guest->vmid, reason, false, out);
  erase_finished(out);
}

void Coordinator::committed(PeerId peer, const ProgramIdent& ident, Transaction n, Time,
                            Effects& out) {
  const Found f = find(peer, ident, n);
  if (!f.guest) return;
  if (!f.part) /* it runs what nobody knows */
    return send(Effect::Kill, ident, *f.guest, n, out);
  if (f.part->part != Part::Committing) return;
  f.part->part = Part::Enabled;
  if (f.program->told)
    tell(Effect::Joined, *f.program, {outcome(f.guest->vmid, f.part->probes)}, {}, out);
  else
    advance(*f.program, out);
}

void Coordinator::killed(PeerId peer, const ProgramIdent& ident, Transaction n, Time,
                         Effects& out) {
  const Found f = find(peer, ident, n);
  if (!f.guest) return;
  auto owed = f.guest->owed.find(ident);
  if (owed != f.guest->owed.end() && (n == 0 || owed->second.transaction <= n))
    f.guest->owed.erase(owed);
  if (!f.part || f.part->part != Part::Killing) return;
  f.program->guests.erase(f.guest->vmid);
  advance(*f.program, out);
  erase_finished(out);
}

}  // namespace hp
