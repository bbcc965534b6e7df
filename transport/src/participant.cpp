#include "transport/participant.hpp"

namespace hp {

void Participant::drop(const ProgramIdent& ident) {
  if (programs_.erase(ident) != 0) host_->unload(ident);
}

/* ABORT or KILL of transaction n: whether what is held is of it, or of a former one. */
bool Participant::takes(const ProgramIdent& ident, Transaction n) {
  if (n != 0) seen_.add(n);
  auto it = programs_.find(ident);
  return it != programs_.end() && (n == 0 || it->second.transaction <= n);
}

ParticipantAnswer Participant::prepare(const ProgramIdent& ident, Transaction n,
                                       const ProgramFiles& files) {
  auto it = programs_.find(ident);
  if (it != programs_.end() && (n == 0 || it->second.transaction == n)) { /* a repetition */
    if (it->second.stage == Stage::Loading) return {};
    return {ParticipantAnswer::Prepared, n, it->second.probes, {}};
  }
  if (n != 0) {
    if (seen_.has(n))
      return {ParticipantAnswer::Refused, n, 0, "it was refused or dropped here before"};
    seen_.add(n);
    if (it != programs_.end() && n < it->second.transaction)
      return {ParticipantAnswer::Refused, n, 0, "a newer one of the same ident is here"};
  }
  drop(ident);
  programs_[ident] = {Stage::Loading, n, 0};
  const auto probes = host_->load(ident, files);
  return probes ? loaded(ident, *probes) : ParticipantAnswer{};
}

ParticipantAnswer Participant::loaded(const ProgramIdent& ident, const Result<uint32_t>& probes) {
  auto it = programs_.find(ident);
  if (it == programs_.end() || it->second.stage != Stage::Loading) return {};
  const Transaction n = it->second.transaction;
  if (!probes) {
    programs_.erase(it);
    return {ParticipantAnswer::Refused, n, 0, probes.error().message};
  }
  it->second.stage = Stage::Loaded;
  it->second.probes = *probes;
  return {ParticipantAnswer::Prepared, n, *probes, {}};
}

ParticipantAnswer Participant::commit(const ProgramIdent& ident, Transaction n) {
  auto it = programs_.find(ident);
  if (n == 0 && it != programs_.end()) n = it->second.transaction;
  if (n != 0) seen_.add(n);
  if (it == programs_.end() || it->second.transaction != n || it->second.stage == Stage::Loading)
    return {ParticipantAnswer::Refused, n, 0, "it was not prepared here"};
  if (it->second.stage == Stage::Loaded) {
    it->second.stage = Stage::Enabling;
    if (host_->enable(ident)) return enabled(ident);
  }
  if (it->second.stage == Stage::Enabling) return {};
  return {ParticipantAnswer::Committed, n, 0, {}};
}

ParticipantAnswer Participant::enabled(const ProgramIdent& ident) {
  auto it = programs_.find(ident);
  if (it == programs_.end() || it->second.stage != Stage::Enabling) return {};
  it->second.stage = Stage::Enabled;
  return {ParticipantAnswer::Committed, it->second.transaction, 0, {}};
}

void Participant::abort(const ProgramIdent& ident, Transaction n) {
  if (takes(ident, n)) drop(ident);
}

ParticipantAnswer Participant::kill(const ProgramIdent& ident, Transaction n) {
  if (takes(ident, n)) drop(ident);
  return {ParticipantAnswer::Killed, n, 0, {}};
}

std::vector<std::pair<ProgramIdent, ParticipantAnswer>> Participant::remind() const {
  std::vector<std::pair<ProgramIdent, ParticipantAnswer>> out;
  for (const auto& [ident, held] : programs_)
    if (held.stage == Stage::Loaded)
      out.push_back({ident, {ParticipantAnswer::Prepared, held.transaction, held.probes, {}}});
  return out;
}

void Participant::disconnected() {
  seen_.clear();
  for (auto it = programs_.begin(); it != programs_.end();) {
    if (it->second.stage >= Stage::Enabling) {
      ++it;
      continue;
    }
    host_->unload(it->first);
    it = programs_.erase(it);
  }
}

void Participant::reset() {
  seen_.clear();
  for (const auto& [ident, held] : programs_) host_->unload(ident);
  programs_.clear();
}

std::vector<Claim> Participant::running() const {
  std::vector<Claim> out;
  for (const auto& [ident, held] : programs_)
    if (held.stage >= Stage::Enabling) out.push_back({ident, held.transaction, held.probes});
  return out;
}

size_t Participant::undecided() const {
  size_t n = 0;
  for (const auto& [ident, held] : programs_) n += held.stage != Stage::Enabled;
  return n;
}

}  // namespace hp
