#include "host/fleet_client.hpp"

#include <fcntl.h>
#include <poll.h>

#include <cstdlib>

#include "host/fleet_channel.hpp"
#include "transport/segment.h"

namespace hp {
namespace {

using Clock = std::chrono::steady_clock;
constexpr size_t kMaxGuestsInMessage = HP_MAX_GUESTS;

int left(Clock::time_point end) {
  auto ms = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
  return ms < 0 ? 0 : static_cast<int>(ms);
}

FleetGuest guest_from(const rpc::Fields& f) {
  FleetGuest g;
  g.vmid = static_cast<uint32_t>(f.number_or("vmid", 0, HP_MAX_GUESTS, 0).value_or(0));
  g.name = f.text_or("name", HP_NAME_MAX, "?").value_or("?");
  g.hostname = f.text_or("hostname", HP_NAME_MAX, "?").value_or("?");
  g.probes = static_cast<uint32_t>(f.number_or("probes", 0, UINT32_MAX, 0).value_or(0));
  g.reason = f.text_or("reason", 4096, "").value_or("?");
  return g;
}

std::vector<FleetGuest> guests_from(const rpc::Fields& f) {
  std::vector<FleetGuest> out;
  auto list = f.objects("guests", kMaxGuestsInMessage);
  if (list)
    for (const rpc::Fields& g : *list) out.push_back(guest_from(g));
  return out;
}

}  // namespace

std::string fleet_socket_path() {
  if (const char* env = std::getenv("HYPROBE_SOCKET"); env && *env) return env;
  if (::geteuid() == 0) return "/run/hyprobe/control.sock";
  if (const char* dir = std::getenv("XDG_RUNTIME_DIR"); dir && *dir)
    return std::string(dir) + "/hyprobe/control.sock";
  return "/tmp/hyprobe-" + std::to_string(::geteuid()) + "/control.sock";
}

FleetClient::FleetClient(std::unique_ptr<FleetChannel> channel) : channel_(std::move(channel)) {}
FleetClient::~FleetClient() = default;

Result<std::unique_ptr<FleetClient>> FleetClient::connect(const std::string& socket_path) {
  std::string path = socket_path.empty() ? fleet_socket_path() : socket_path;
  auto channel = HP_TRY(FleetChannel::connect(path, FleetChannel::kMaxAnswer));
  std::unique_ptr<FleetClient> client(new FleetClient(std::move(channel)));
  client->socket_path_ = path;
  HP_TRYV(client->channel_->send(control::hello_request()));
  return client;
}

int FleetClient::fd() const {
  return channel_->fd();
}
short FleetClient::poll_events() const {
  return static_cast<short>(POLLIN | (channel_->wants_write() ? POLLOUT : 0));
}

Result<> FleetClient::submit(int object_fd, int segment_fd, const SubmitOptions& options) {
  hp_seg_header header;
  if (::pread(segment_fd, &header, sizeof header, 0) != static_cast<ssize_t>(sizeof header))
    return fail_errno("cannot read the program segment");
  ProgramIdent ident;
  std::copy(std::begin(header.ident), std::end(header.ident), ident.begin());
  ident_ = to_hex(ident);
  std::vector<FleetChannel::SharedFd> fds;
  for (int fd : {object_fd, segment_fd}) {
    fds.push_back(std::make_shared<Fd>(::fcntl(fd, F_DUPFD_CLOEXEC, 0)));
    if (!*fds.back()) return fail_errno("cannot duplicate a program's descriptor");
  }
  submit_id_ = std::to_string(next_id_++);
  return channel_->send(
      rpc::request(submit_id_, "program.submit",
                   rpc::Object()
                       .number("fds", 2)
                       .text("onfail", options.skip_failing ? "skip" : "abort")
                       .number("timeout_ms", static_cast<uint64_t>(options.timeout.count()))
                       .json()),
      std::move(fds));
}

void FleetClient::lost(const std::string& reason) {
  if (!channel_->closed()) give_up("lost the coordinator at " + socket_path_ + ": " + reason);
}

void FleetClient::give_up(const std::string& message) {
  channel_->close();
  submit_id_.clear();
  call_id_.clear();
  answer_ = fail(message, ECONNRESET);
  events_.push_back({FleetEvent::DaemonLost, {}, answer_.error().message});
}

void FleetClient::handle(const rpc::Message& m) {
  using rpc::Message;
  if (control::is_hello_answer(m)) {
    auto agreed = control::read_hello_answer(m);
    refused_ = !agreed;
    if (refused_) return give_up(agreed.error().message);
    agreed_ = std::move(*agreed);
    return;
  }
  if (m.kind == Message::Answer || m.kind == Message::Failure) {
    const bool well = m.kind == Message::Answer;
    if (m.id == submit_id_ && !submit_id_.empty()) {
      submit_id_.clear();
      /* The guests with their reasons are in the event; the message alone has some of them too. */
      std::string reason = well ? "" : m.body.text_or("reason", 4096, m.error).value_or(m.error);
      events_.push_back({well ? FleetEvent::Committed : FleetEvent::Aborted, guests_from(m.body),
                         std::move(reason)});
    } else if (m.id == call_id_ && !call_id_.empty()) {
      call_id_.clear();
      if (well)
        answer_ = m.body.json();
      else
        answer_ = fail(m.error);
    }
    return;
  }
  if (m.kind != Message::Notification) return;
  auto push = [&](FleetEvent::Kind kind) {
    FleetGuest g = guest_from(m.body);
    std::string reason = g.reason;
    events_.push_back({kind, {std::move(g)}, std::move(reason)});
  };
  if (m.method == "guest.joined") push(FleetEvent::Joined);
  if (m.method == "guest.gone") push(FleetEvent::Gone);
  if (m.method == "guest.refused") push(FleetEvent::Refused);
  if (m.method == "program.ended") {
    std::string reason = m.body.text_or("reason", 4096, "").value_or("");
    events_.push_back({FleetEvent::Ended, {}, "the program was ended: " + reason});
  }
}

void FleetClient::serve() {
  if (channel_->closed()) return;
  auto more = channel_->receive();
  for (;;) { /* what arrived before the end counts */
    auto in = channel_->next();
    if (!in) return lost(in.error().message);
    if (!*in) break;
    if ((*in)->malformed) return lost("it sent what is no message: " + (*in)->malformed->message);
    handle((*in)->message);
  }
  if (!more) return lost(more.error().message);
  if (!*more) return lost("it ended");
  if (auto sent = channel_->flush(); !sent) lost(sent.error().message);
}

bool FleetClient::wait_input(Clock::time_point end, bool* interrupted) {
  pollfd p{fd(), poll_events(), 0};
  int r = ::poll(&p, 1, left(end));
  if (r < 0 && errno == EINTR && interrupted) *interrupted = true;
  serve();
  return left(end) > 0;
}

std::vector<FleetEvent> FleetClient::dispatch() {
  serve();
  return std::exchange(events_, {});
}

Result<FleetEvent> FleetClient::wait_decision(std::chrono::milliseconds limit) {
  auto end = Clock::now() + limit;
  for (;;) {
    for (auto it = events_.begin(); it != events_.end(); ++it) {
      if (it->kind != FleetEvent::Committed && it->kind != FleetEvent::Aborted &&
          it->kind != FleetEvent::DaemonLost)
        continue;
      FleetEvent event = std::move(*it);
      events_.erase(it);
      return event;
    }
    bool interrupted = false;
    bool time_left = wait_input(end, &interrupted);
    if (interrupted) return fail("interrupted", EINTR);
    if (!time_left && events_.empty())
      return fail("the coordinator at " + socket_path_ + " does not answer", ETIMEDOUT);
  }
}

void FleetClient::kill(std::chrono::milliseconds limit) {
  if (ident_.empty() || channel_->closed()) return;
  (void)call("program.kill", rpc::Object().text("ident", ident_).json(), limit);
}

Result<std::string> FleetClient::call(const std::string& method, const std::string& params,
                                      std::chrono::milliseconds limit) {
  if (channel_->closed()) return fail("lost the coordinator at " + socket_path_, ECONNRESET);
  auto end = Clock::now() + limit;
  call_id_ = std::to_string(next_id_++);
  if (auto sent = channel_->send(rpc::request(call_id_, method, params)); !sent)
    lost(sent.error().message);
  while (!call_id_.empty())
    if (!wait_input(end, nullptr) && !call_id_.empty()) {
      call_id_.clear();
      return fail("the coordinator at " + socket_path_ + " does not answer", ETIMEDOUT);
    }
  return answer_;
}

}  // namespace hp
