#include "transport/participant.hpp"

namespace hp {

ParticipantAnswer Participant::prepare(const ProgramIdent& ident, const ProgramFiles& files) {
  auto [it, is_new] = programs_.try_emplace(ident);
  if (is_new) {
    const auto probes = host_.load(ident, files);
    return probes ? loaded(ident, *probes) : ParticipantAnswer{};
  }
  if (it->second.stage == Stage::Loading) return {};
  return {ParticipantAnswer::Prepared, it->second.probes, {}};
}

ParticipantAnswer Participant::loaded(const ProgramIdent& ident, const Result<uint32_t>& probes) {
  auto it = programs_.find(ident);
  if (it == programs_.end() || it->second.stage != Stage::Loading) return {};
  if (!probes) {
    programs_.erase(it);
    return {ParticipantAnswer::Refused, 0, probes.error().message};
  }
  it->second = {Stage::Loaded, *probes};
  return {ParticipantAnswer::Prepared, *probes, {}};
}

ParticipantAnswer Participant::commit(const ProgramIdent& ident) {
  auto it = programs_.find(ident);
  if (it == programs_.end() || it->second.stage == Stage::Loading)
    return {ParticipantAnswer::Refused, 0, "it was not prepared here"};
  if (it->second.stage == Stage::Loaded) {
    it->second.stage = Stage::Enabling;
    if (host_.enable(ident)) return enabled(ident);
  }
  if (it->second.stage == Stage::Enabling) return {};
  return {ParticipantAnswer::Committed, 0, {}};
}

ParticipantAnswer Participant::enabled(const ProgramIdent& ident) {
  auto it = programs_.find(ident);
  if (it == programs_.end() || it->second.stage != Stage::Enabling) return {};
  it->second.stage = Stage::Enabled;
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
    if (it->second.stage >= Stage::Enabling) {
      ++it;
      continue;
    }
    host_.unload(it->first);
    it = programs_.erase(it);
  }
}

void Participant::reset() {
  for (auto& [ident, state] : programs_) host_.unload(ident);
  programs_.clear();
}

std::vector<ProgramIdent> Participant::running() const {
  std::vector<ProgramIdent> out;
  for (auto& [ident, state] : programs_)
    if (state.stage >= Stage::Enabling) out.push_back(ident);
  return out;
}

size_t Participant::undecided() const {
  size_t n = 0;
  for (auto& [ident, state] : programs_) n += state.stage != Stage::Enabled;
  return n;
}

}  // namespace hp
