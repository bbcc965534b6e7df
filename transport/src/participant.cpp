#include "transport/participant.hpp"

namespace hp {

ParticipantAnswer Participant::prepare(const ProgramIdent& ident) {
  auto it = programs_.find(ident);
  if (it == programs_.end()) {
    auto probes = host_.load(ident);
    if (!probes) return {ParticipantAnswer::Refused, 0, probes.error().message};
    it = programs_.emplace(ident, State{false, *probes}).first;
  }
  return {ParticipantAnswer::Prepared, it->second.probes, {}};
}

ParticipantAnswer Participant::commit(const ProgramIdent& ident) {
  auto it = programs_.find(ident);
  if (it == programs_.end()) return {ParticipantAnswer::Refused, 0, "it was not prepared here"};
  if (!it->second.committed) {
    host_.enable(ident);
    it->second.committed = true;
  }
  return {ParticipantAnswer::Committed, 0, {}};
}

void Participant::abort(const ProgramIdent& ident) {
  auto it = programs_.find(ident);
  if (it == programs_.end()) return;
  host_.unload(ident);
  programs_.erase(it);
}

ParticipantAnswer Participant::kill(const ProgramIdent& ident) {
  abort(ident);
  return {ParticipantAnswer::Killed, 0, {}};
}

void Participant::disconnected() {
  for (auto it = programs_.begin(); it != programs_.end();) {
    if (it->second.committed) {
      ++it;
      continue;
    }
    host_.unload(it->first);
    it = programs_.erase(it);
  }
}

std::vector<ProgramIdent> Participant::running() const {
  std::vector<ProgramIdent> out;
  for (auto& [ident, state] : programs_)
    if (state.committed) out.push_back(ident);
  return out;
}

size_t Participant::undecided() const {
  size_t n = 0;
  for (auto& [ident, state] : programs_) n += !state.committed;
  return n;
}

}  // namespace hp
