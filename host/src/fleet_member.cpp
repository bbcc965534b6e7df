#include "host/fleet_member.hpp"

#include <poll.h>
#include <signal.h>

#include "handler/program.hpp"
#include "host/fleet_program.hpp"
#include "transport/object.hpp"

namespace hp {
namespace {

constexpr std::chrono::milliseconds kFirstRetry{200}, kLastRetry{3000};

/* Nobody will read this segment any more. */
bool orphaned(int segment) {
  hp_seg_header h;
  if (::pread(segment, &h, sizeof h, 0) != static_cast<ssize_t>(sizeof h)) return false;
  if (h.state == HP_STATE_DEAD) return true;
  const auto consumer = static_cast<pid_t>(h.self_pid);
  return consumer > 0 && ::kill(consumer, 0) != 0 && errno == ESRCH;
}

}  // namespace

FleetMember::FleetMember(MemberOptions options) : options_(std::move(options)) {}
FleetMember::~FleetMember() = default;

/* --- programs --- */

Result<uint32_t> FleetMember::load(const ProgramIdent& ident) {
  Loaded& l = programs_.at(ident);
  Object object = HP_TRY(Object::read(l.object->get()));
  SyscallSelection selection = select_syscalls(object, options_.name, options_.hostname);
  for (auto [nr, is_return] : selection.probes) l.mask.set(nr, is_return);
  l.mask.profile = selection.profile;
  /* It must link and fit its segment here; the monitors load it again, each for itself. */
  HP_TRYV(handler::Program::load(std::move(object), l.segment->get(),
                                 {options_.name, options_.hostname}));
  l.slot = HP_TRY(supervisor_->prepare(l.object->get(), l.segment->get(), ident.data()));
  return l.mask.count() + (l.mask.profile ? 1 : 0);
}

void FleetMember::enable(const ProgramIdent& ident) {
  Loaded& l = programs_.at(ident);
  supervisor_->commit(l.slot, l.mask);
}

uint64_t FleetMember::new_load_failures() {
  if (!supervisor_) return 0;
  const uint64_t total = __atomic_load_n(&supervisor_->control().load_failures, __ATOMIC_RELAXED);
  return total - std::exchange(load_failures_, total);
}

void FleetMember::unload(const ProgramIdent& ident) {
  auto it = programs_.find(ident);
  if (it == programs_.end()) return;
  supervisor_->disable(it->second.slot);
  programs_.erase(it);
}

/* --- the connection --- */

int FleetMember::fd() const {
  return channel_closed() ? -1 : channel_->fd();
}
short FleetMember::poll_events() const {
  return static_cast<short>(POLLIN | (!channel_closed() && channel_->wants_write() ? POLLOUT : 0));
}

int FleetMember::timeout_ms() const {
  if (!channel_closed()) return -1;
  auto left = std::chrono::ceil<std::chrono::milliseconds>(retry_ - Clock::now()).count();
  return left < 0 ? 0 : static_cast<int>(left);
}

bool FleetMember::settled() const {
  return channel_closed() || (registered_ && decided_ >= pending_ && waiting_.empty());
}

Result<> FleetMember::connect() {
  channel_ = HP_TRY(FleetChannel::connect(options_.socket_path, FleetChannel::kMaxRequest));
  registered_ = false;
  refusal_.clear();
  pending_ = decided_ = 0;
  std::vector<std::string> running;
  for (const ProgramIdent& ident : participant_.running())
    running.push_back("\"" + to_hex(ident) + "\"");
  return channel_->send(rpc::request("1", "guest.register",
                                     rpc::Object()
                                         .text("name", options_.name)
                                         .text("hostname", options_.hostname)
                                         .text("osversion", options_.osversion)
                                         .number("vmid", vmid_)
                                         .raw("programs", rpc::json_array(running))
                                         .json()));
}

Result<> FleetMember::register_now(std::chrono::milliseconds limit) {
  auto end = Clock::now() + limit;
  if (auto connected = connect(); !connected) {
    lost();
    return connected;
  }
  while (!registered_) {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
    if (left <= 0) {
      lost();
      return fail("the coordinator at " + options_.socket_path + " does not answer", ETIMEDOUT);
    }
    pollfd p{fd(), poll_events(), 0};
    ::poll(&p, 1, static_cast<int>(left));
    serve();
    if (!refusal_.empty()) return fail(refusal_);
    if (channel_closed()) return fail("the coordinator at " + options_.socket_path + " ended");
  }
  return {};
}

void FleetMember::attach(guest::Supervisor& supervisor) {
  supervisor_ = &supervisor;
  for (FleetChannel::Incoming& in : std::exchange(waiting_, {})) handle(std::move(in));
}

void FleetMember::lost() {
  if (channel_) channel_->close();
  registered_ = false;
  participant_.disconnected();
  backoff_ = backoff_.count() == 0 ? kFirstRetry : std::min(backoff_ * 2, kLastRetry);
  retry_ = Clock::now() + backoff_;
}

void FleetMember::drop_orphans() {
  for (const ProgramIdent& ident : participant_.running())
    if (orphaned(programs_.at(ident).segment->get())) participant_.kill(ident);
}

void FleetMember::reconnect() {
  drop_orphans();
  if (auto connected = connect(); !connected) lost();
}

void FleetMember::dispatch() {
  if (channel_closed()) {
    if (Clock::now() >= retry_) reconnect();
    return;
  }
  serve();
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
  if (m.kind == rpc::Message::Failure) { /* of guest.register */
    refusal_ = m.error;
    return lost();
  }
  if (m.kind == rpc::Message::Answer) {
    auto vmid = m.body.number("vmid", 1, HP_MAX_GUESTS - 1);
    if (!vmid) return lost();
    vmid_ = static_cast<uint32_t>(*vmid);
    pending_ = static_cast<uint32_t>(m.body.number_or("pending", 0, UINT32_MAX, 0).value_or(0));
    registered_ = true;
    backoff_ = {};
    if (supervisor_) supervisor_->set_vmid(vmid_);
    return;
  }
  if (m.kind != rpc::Message::Notification) return;
  if (!supervisor_) {
    waiting_.push_back(std::move(in));
    return;
  }
  auto ident = m.body.ident("ident");
  if (!ident) return;
  if (m.method == "program.prepare") {
    if (in.fds.size() != 2)
      return answer(*ident, {ParticipantAnswer::Refused, 0, "it came without its descriptors"});
    if (!participant_.knows(*ident))
      programs_[*ident] = {std::make_shared<Fd>(std::move(in.fds[0])),
                           std::make_shared<Fd>(std::move(in.fds[1])),
                           {},
                           0};
    ParticipantAnswer a = participant_.prepare(*ident);
    if (a.kind == ParticipantAnswer::Refused) {
      programs_.erase(*ident);
      decided_++;
    }
    answer(*ident, a);
  } else if (m.method == "program.commit") {
    answer(*ident, participant_.commit(*ident));
    decided_++;
  } else if (m.method == "program.abort") {
    participant_.abort(*ident);
    decided_++;
  } else if (m.method == "program.kill") {
    answer(*ident, participant_.kill(*ident));
  }
}

void FleetMember::answer(const ProgramIdent& ident, const ParticipantAnswer& a) {
  rpc::Object params;
  params.text("ident", to_hex(ident));
  const char* method = "program.killed";
  switch (a.kind) {
    case ParticipantAnswer::Prepared:
      method = "program.prepared";
      params.number("probes", a.probes);
      break;
    case ParticipantAnswer::Refused:
      method = "program.refused";
      params.text("reason", a.reason.substr(0, 1000));
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

}  // namespace hp
