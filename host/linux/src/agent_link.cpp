#include "linux_guest/agent_link.hpp"

#include <algorithm>

namespace hp::linux_guest {
namespace {

constexpr const char* kEverywhere = "/proc/sys/kernel/random/boot_id";
constexpr size_t kSmall = 4096;

}  // namespace

bool AgentLink::send(trace::Bytes message) {
  return device_ && device_->send(trace::in_version(std::move(message), version_));
}

bool AgentLink::prepare(trace::PrepareWriter& writer) {
  for (trace::Bytes& message : writer.finish())
    if (!send(std::move(message))) return false;
  if (version_ == 1) old_answers_.said(HP_MSG_PREPARE, writer.about());
  return true;
}

bool AgentLink::commit(const trace::Subject& about) {
  if (!send(trace::encode_plain(HP_MSG_COMMIT, about))) return false;
  if (version_ == 1) old_answers_.said(HP_MSG_COMMIT, about);
  return true;
}

bool AgentLink::kill(const trace::Subject& about) {
  if (!send(trace::encode_plain(HP_MSG_KILL, about))) return false;
  if (version_ == 1) old_answers_.said(HP_MSG_KILL, about);
  return true;
}

void AgentLink::complain(const std::string& what) {
  owner_.log("the guest's agent sends nonsense: " + what);
}

void AgentLink::received(std::span<const uint8_t> bytes, Time now) {
  auto message = trace::decode(bytes, versions_);
  if (!message) return complain(message.error().message);
  heard_ = now;
  asked_ = false;
  if (std::exchange(silent_, false)) owner_.silent(false);
  handle(*message, now);
}

void AgentLink::handle(const trace::Message& m, Time now) {
  switch (m.type) {
    case HP_MSG_HELLO: {
      auto hello = trace::read_hello(m);
      if (!hello) return complain(hello.error().message);
      return greet(std::move(*hello), now);
    }
    case HP_MSG_FILE: {
      auto file = trace::read_file_piece(m);
      if (!file) return complain(file.error().message);
      return piece(*file, now);
    }
    case HP_MSG_PREPARED:
    case HP_MSG_REFUSED:
    case HP_MSG_COMMITTED:
    case HP_MSG_KILLED:
      return answer(m);
    case HP_MSG_LOG:
      return owner_.log("agent: " + trace::printable(m.text));
    case HP_MSG_WELCOME:
    case HP_MSG_FETCH:
    case HP_MSG_PREPARE:
    case HP_MSG_COMMIT:
    case HP_MSG_ABORT:
    case HP_MSG_KILL:
      return complain("a message that only the VMM sends");
  }
}

void AgentLink::greet(trace::Hello hello, Time now) {
  reset();
  const uint32_t version = versions_.common(hello.versions);
  if (version == 0) {
    const std::string why = "its agent speaks version " + hello.versions.text() + ", this host " +
                            versions_.text() + ": install hyprobe-agent of this host's release";
    refuse(why);
    return owner_.incompatible(std::move(hello), why);
  }
  version_ = version;
  talking_ = true;
  heard_ = now;
  owner_.hello(std::move(hello));
}

void AgentLink::refuse(const std::string& why) {
  reset();
  send(trace::encode_text(HP_MSG_REFUSED, why));
}

void AgentLink::answer(const trace::Message& m) {
  trace::Subject about = m.about;
  if (version_ == 1)
    about.transaction = old_answers_.number(m); /* 0: it is to what another agent was told */
  if (version_ == 1 && about.transaction == 0) return;
  if (m.type == HP_MSG_KILLED) return; /* nobody waits for it */
  if (about.transaction == 0 || about.transaction > last_transaction_)
    return complain("an answer to what it was not told");
  switch (m.type) {
    case HP_MSG_PREPARED: {
      auto probes = trace::read_prepared(m);
      if (!probes) return complain(probes.error().message);
      return owner_.prepared(about, *probes);
    }
    case HP_MSG_REFUSED:
      return owner_.refused(about, trace::printable(m.text));
    default:
      return owner_.committed(about);
  }
}

/* --- files --- */

void AgentLink::fetch(File file, Time now, Done done) {
  if (!talking_ || silent_) return done(fail("the guest's agent does not answer"));
  if (pending_.size() >= kMaxFetches) return done(fail("too many files are wanted at once"));
  const uint64_t serial = next_serial_++;
  pending_[{serial, file.kind}] = {{}, file.limit, now + file.patience, std::move(done)};
  if (!send(trace::encode_fetch({file.kind, serial, file.path})))
    finish(pending_.find({serial, file.kind}), fail("the guest takes no messages"));
}

void AgentLink::welcome(uint32_t vmid, std::vector<std::pair<File, Done>> wanted, Time now) {
  uint32_t lacks = 0;
  for (auto& [file, done] : wanted) {
    lacks |= 1u << file.kind;
    pending_[{0, file.kind}] = {{}, file.limit, now + kFilePatience, std::move(done)};
  }
  if (send(trace::encode_welcome({vmid, lacks}))) return;
  while (!pending_.empty() && pending_.begin()->first.first == 0)
    finish(pending_.begin(), fail("the guest takes no messages", ETIMEDOUT));
}

void AgentLink::finish(std::map<Key, Pending>::iterator it, Result<std::string> result) {
  Done done = std::move(it->second.done);
  pending_.erase(it);
  done(std::move(result));
}

void AgentLink::piece(const trace::FilePiece& p, Time now) {
  auto it = pending_.find({p.serial, p.kind});
  if (it == pending_.end()) return; /* given up, or never asked for */
  Pending& file = it->second;
  for (auto& [key, other] : pending_) other.deadline = now + kFilePatience;
  if (p.error != 0)
    return finish(it, fail_errno("the guest cannot read it", static_cast<int>(p.error & 0xfff)));
  if (p.offset != file.bytes.size()) return finish(it, fail("the guest sent it in disorder"));
  if (p.bytes.empty()) return finish(it, std::move(file.bytes));
  if (p.bytes.size() > file.limit - file.bytes.size())
    return finish(it, fail("it is larger than " + std::to_string(file.limit) + " bytes", EFBIG));
  file.bytes += p.bytes;
}

/* --- time --- */

void AgentLink::reset() {
  talking_ = asked_ = silent_ = false;
  version_ = 1;
  old_answers_.clear();
  while (!pending_.empty())
    finish(pending_.begin(), fail("the guest's agent started anew", ECANCELED));
}

std::optional<Time> AgentLink::next_deadline() const {
  std::optional<Time> first;
  if (talking_ && !silent_ && (!asked_ || pending_.empty()))
    first = heard_ + kSilence + (asked_ ? kPatience : Time{});
  for (auto& [key, file] : pending_) first = std::min(first.value_or(file.deadline), file.deadline);
  return first;
}

void AgentLink::tick(Time now) {
  std::vector<Key> late;
  for (auto& [key, file] : pending_)
    if (file.deadline <= now) late.push_back(key);
  for (const Key& key : late)
    if (auto it = pending_.find(key); it != pending_.end())
      finish(it, fail("the guest's agent does not answer", ETIMEDOUT));
  if (!talking_ || silent_ || now < heard_ + kSilence) return;
  if (!asked_) {
    asked_ = true;
    fetch({HP_FILE_PATH, kEverywhere, kSmall, kPatience}, now, [](const Result<std::string>&) {});
  } else if (now >= heard_ + kSilence + kPatience && pending_.empty()) {
    silent_ = true;
    owner_.silent(true);
  }
}

}  // namespace hp::linux_guest
