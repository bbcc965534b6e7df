#include "host/fleet_member.hpp"

#include <poll.h>
#include <signal.h>

#include "transport/segment.h"

namespace hp {
namespace {

constexpr std::chrono::milliseconds kFirstRetry{50}, kLastRetry{1000};
constexpr std::chrono::milliseconds kRemind{1000}; /* while the coordinator decides nothing */
constexpr size_t kMaxReason = 1000;

/* Nobody will read this segment any more. */
bool orphaned(int segment) {
  hp_seg_header h;
  if (::pread(segment, &h, sizeof h, 0) != static_cast<ssize_t>(sizeof h)) return false;
  if (h.state == HP_STATE_DEAD) return true;
  const auto consumer = static_cast<pid_t>(h.self_pid);
  return consumer > 0 && ::kill(consumer, 0) != 0 && errno == ESRCH;
}

}  // namespace

FleetMember::FleetMember(GuestDescription guest, std::string socket_path)
    : guest_(std::move(guest)), socket_path_(std::move(socket_path)) {}
FleetMember::~FleetMember() = default;

/* --- the connection --- */

int FleetMember::fd() const {
  return channel_closed() ? -1 : channel_->fd();
}
short FleetMember::poll_events() const {
  return static_cast<short>(POLLIN | (!channel_closed() && channel_->wants_write() ? POLLOUT : 0));
}

int FleetMember::timeout_ms() const {
  const bool waits = !channel_closed() && participant_ && participant_->undecided() != 0;
  if (!waits && (!channel_closed() || !present_)) return -1;
  const auto due = waits ? remind_ : retry_;
  auto left = std::chrono::ceil<std::chrono::milliseconds>(due - Clock::now()).count();
  return left < 0 ? 0 : static_cast<int>(left);
}

bool FleetMember::settled() const {
  return channel_closed() || (registered_ && prepared_ >= pending_ && waiting_.empty() &&
                              (!participant_ || participant_->undecided() == 0));
}

Result<> FleetMember::connect() {
  channel_ = HP_TRY(FleetChannel::connect(socket_path_, FleetChannel::kMaxRequest));
  registered_ = false;
  refusal_.clear();
  agreed_ = {};
  pending_ = prepared_ = 0;
  HP_TRYV(channel_->send(control::hello_request()));
  std::vector<std::string> running, idents; /* protocol 1 has these alone */
  if (participant_)
    for (const Claim& claim : participant_->running()) {
      idents.push_back(json_string(to_hex(claim.ident)));
      running.push_back(rpc::Object()
                            .text("ident", to_hex(claim.ident))
                            .number("transaction", claim.transaction)
                            .number("probes", claim.probes)
                            .json());
    }
  return channel_->send(rpc::request("1", "guest.register",
                                     rpc::Object()
                                         .text("name", guest_.name)
                                         .text("hostname", guest_.hostname)
                                         .text("osversion", guest_.osversion)
                                         .text("kind", to_text(guest_.kind))
                                         .text("build_id", guest_.build_id)
                                         .text("doorbell", guest_.doorbell)
                                         .number("vmid", vmid_)
                                         .raw("running", rpc::json_array(running))
                                         .raw("programs", rpc::json_array(idents))
                                         .json()));
}

Result<> FleetMember::register_now(std::chrono::milliseconds limit) {
  present_ = true;
  auto end = Clock::now() + limit;
  if (auto connected = connect(); !connected) {
    lost();
    return connected;
  }
  while (!registered_) {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
    if (left <= 0) {
      lost();
      return fail("the coordinator at " + socket_path_ + " does not answer", ETIMEDOUT);
    }
    pollfd p{fd(), poll_events(), 0};
    ::poll(&p, 1, static_cast<int>(left));
    serve();
    if (!refusal_.empty()) return fail(refusal_);
    if (channel_closed()) return fail("the coordinator at " + socket_path_ + " ended");
  }
  return {};
}

void FleetMember::attach(ProgramHost& host) {
  host_ = &host;
  participant_.emplace(host);
  if (vmid_ != 0) host.set_vmid(vmid_);
  for (FleetChannel::Incoming& in : std::exchange(waiting_, {})) handle(std::move(in));
}

void FleetMember::lost() {
  if (channel_) channel_->close();
  registered_ = false;
  waiting_.clear();
  if (participant_) participant_->disconnected();
  std::erase_if(segments_, [&](auto& s) { return !participant_->knows(s.first); });
  backoff_ = backoff_.count() == 0 ? kFirstRetry : std::min(backoff_ * 2, kLastRetry);
  retry_ = Clock::now() + backoff_;
}

void FleetMember::drop_orphans() {
  if (!participant_) return;
  for (const auto& [ident, transaction, probes] : participant_->running()) {
    auto segment = segments_.find(ident);
    if (segment == segments_.end() || !orphaned(segment->second.get())) continue;
    participant_->kill(ident, transaction);
    segments_.erase(segment);
  }
}

void FleetMember::reconnect() {
  drop_orphans();
  if (auto connected = connect(); !connected) lost();
}

void FleetMember::dispatch() {
  if (!channel_closed()) {
    serve();
    return remind();
  }
  if (present_ && Clock::now() >= retry_) reconnect();
}

void FleetMember::serve() {
  auto more = channel_->receive();
  while (!channel_closed()) {
    auto in = channel_->next();
    if (!in) return lost();
    if (!*in) break;
    handle(std::move(**in));
  }
  if (channel_closed()) return;
  if (!more || !*more || !channel_->flush()) lost();
}

void FleetMember::handle(FleetChannel::Incoming in) {
  const rpc::Message& m = in.message;
  if (in.malformed) return lost();
  if (control::is_hello_answer(m)) {
    auto agreed = control::read_hello_answer(m);
    if (!agreed) return refused(agreed.error().message);
    agreed_ = std::move(*agreed);
    return;
  }
  if (m.kind == rpc::Message::Failure) return refused(m.error); /* guest.register */
  if (m.kind == rpc::Message::Answer) return registered(m.body);
  if (m.kind != rpc::Message::Notification) return;
  if (!participant_) {
    waiting_.push_back(std::move(in));
    return;
  }
  auto ident = m.body.ident("ident");
  if (!ident) return;
  const Transaction n = m.body.number_or("transaction", 0, UINT64_MAX, 0).value_or(0);
  if (m.method == "program.prepare") {
    prepare(*ident, n, std::move(in.fds));
  } else if (m.method == "program.commit") {
    answer(*ident, participant_->commit(*ident, n));
  } else if (m.method == "program.abort") {
    participant_->abort(*ident, n);
    if (!participant_->knows(*ident)) segments_.erase(*ident);
  } else if (m.method == "program.kill") {
    answer(*ident, participant_->kill(*ident, n));
    if (!participant_->knows(*ident)) segments_.erase(*ident);
  } else if (m.method == "program.return") {
    return_segment(*ident);
  }
}

/* It is tried again later: the guest's name may be free then, or another coordinator there. */
void FleetMember::refused(const std::string& why) {
  if (refusal_ != why) new_refusal_ = why;
  refusal_ = why;
  lost();
}

void FleetMember::registered(const rpc::Fields& answer) {
  auto vmid = answer.number("vmid", 1, HP_MAX_GUESTS - 1);
  if (!vmid) return lost();
  vmid_ = static_cast<uint32_t>(*vmid);
  pending_ = static_cast<uint32_t>(answer.number_or("pending", 0, UINT32_MAX, 0).value_or(0));
  registered_ = true;
  backoff_ = {};
  if (host_) host_->set_vmid(vmid_);
}

void FleetMember::prepare(const ProgramIdent& ident, Transaction n, std::vector<Fd> fds) {
  prepared_++;
  if (fds.size() != 2)
    return answer(ident, {ParticipantAnswer::Refused, n, 0, "it came without its descriptors"});
  const ParticipantAnswer a = participant_->prepare(ident, n, {fds[0].get(), fds[1].get()});
  if (a.kind != ParticipantAnswer::Refused && participant_->knows(ident))
    segments_.insert_or_assign(ident, std::move(fds[1]));
  remind_ = Clock::now() + kRemind;
  answer(ident, a);
}

/* The coordinator was restarted and has not got it any more. */
void FleetMember::return_segment(const ProgramIdent& ident) {
  auto segment = segments_.find(ident);
  if (segment == segments_.end() || !participant_->knows(ident)) return;
  auto copy = segment->second.duplicate();
  if (!copy) return;
  const std::string message = rpc::notification(
      "program.segment", rpc::Object().text("ident", to_hex(ident)).number("fds", 1).json());
  if (!channel_->send(message, {std::make_shared<Fd>(std::move(*copy))})) lost();
}

/* An ABORT may have been lost with its coordinator's mind: who waits for a decision asks for it. */
void FleetMember::remind() {
  if (channel_closed() || !participant_ || Clock::now() < remind_) return;
  remind_ = Clock::now() + kRemind;
  for (const auto& [ident, a] : participant_->remind()) answer(ident, a);
}

void FleetMember::answer(const ProgramIdent& ident, const ParticipantAnswer& a) {
  rpc::Object params;
  params.text("ident", to_hex(ident)).number("transaction", a.transaction);
  const char* method = "program.killed";
  switch (a.kind) {
    case ParticipantAnswer::None:
      return;
    case ParticipantAnswer::Prepared:
      method = "program.prepared";
      params.number("probes", a.probes);
      break;
    case ParticipantAnswer::Refused:
      method = "program.refused";
      params.text("reason", a.reason.substr(0, kMaxReason));
      break;
    case ParticipantAnswer::Committed:
      method = "program.committed";
      break;
    case ParticipantAnswer::Killed:
      break;
  }
  if (channel_closed()) return;
  if (!channel_->send(rpc::notification(method, params.json()))) lost();
}

/* --- what a Linux guest says of itself --- */

void FleetMember::up(const GuestDescription& guest) {
  const std::string name = guest_.name; /* the host's */
  guest_ = guest;
  guest_.name = name;
  present_ = true;
  backoff_ = {};
  if (channel_closed()) reconnect();
}

void FleetMember::down(const std::string&) {
  present_ = false;
  if (participant_) participant_->reset();
  segments_.clear();
  lost(); /* the coordinator sees that the guest is gone */
}

void FleetMember::loaded(const ProgramIdent& ident, Result<uint32_t> probes) {
  if (!participant_) return;
  answer(ident, participant_->loaded(ident, probes));
  if (!participant_->knows(ident)) segments_.erase(ident);
}

void FleetMember::enabled(const ProgramIdent& ident) {
  if (participant_) answer(ident, participant_->enabled(ident));
}

}  // namespace hp
