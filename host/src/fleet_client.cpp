#include "host/fleet_client.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "host/fleet_channel.hpp"
#include "transport/segment.h"

namespace hp {
namespace {

using Clock = std::chrono::steady_clock;
constexpr size_t kMaxGuestsInMessage = HP_MAX_GUESTS;
constexpr std::chrono::seconds kPatience{15}; /* the coordinator's resume grace, and some */
constexpr uint32_t kDetachProtocol = 2;       /* since when programs may run without a consumer */
constexpr size_t kMaxScript = 64u << 10;
constexpr std::chrono::milliseconds kFirstRetry{50}, kLastRetry{1000};

int left(Clock::time_point end) {
  auto ms = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
  return ms < 0 ? 0 : static_cast<int>(ms);
}

/* What a submit or an attach waits for. */
bool decides(const FleetEvent& e) {
  return e.kind == FleetEvent::Committed || e.kind == FleetEvent::Aborted ||
         e.kind == FleetEvent::Away || e.kind == FleetEvent::Ended;
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

bool same_file(int a, int b) {
  struct stat x{}, y{};
  return ::fstat(a, &x) == 0 && ::fstat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

}  // namespace

std::string fleet_socket_path() {
  if (const char* env = std::getenv("HYPROBE_SOCKET"); env && *env) return env;
  if (::geteuid() == 0) return "/run/hyprobe/control.sock";
  if (const char* dir = std::getenv("XDG_RUNTIME_DIR"); dir && *dir)
    return std::string(dir) + "/hyprobe/control.sock";
  return "/tmp/hyprobe-" + std::to_string(::geteuid()) + "/control.sock";
}

FleetClient::FleetClient() = default;
FleetClient::~FleetClient() = default;

Result<std::unique_ptr<FleetClient>> FleetClient::connect(const std::string& socket_path) {
  std::unique_ptr<FleetClient> client(new FleetClient);
  client->socket_path_ = socket_path.empty() ? fleet_socket_path() : socket_path;
  HP_TRYV(client->open());
  return client;
}

Result<> FleetClient::open() {
  channel_ = HP_TRY(FleetChannel::connect(socket_path_, FleetChannel::kMaxAnswer));
  return say(control::hello_request());
}

int FleetClient::fd() const {
  return channel_->fd();
}
short FleetClient::poll_events() const {
  return static_cast<short>(POLLIN | (channel_->wants_write() ? POLLOUT : 0));
}
std::chrono::milliseconds FleetClient::patience() const {
  return std::chrono::milliseconds(away_ && channel_->closed() ? left(retry_at_) : -1);
}

Result<> FleetClient::submit(int object_fd, int segment_fd, const SubmitOptions& options) {
  hp_seg_header header;
  if (::pread(segment_fd, &header, sizeof header, 0) != static_cast<ssize_t>(sizeof header))
    return fail_errno("cannot read the program segment");
  ProgramIdent ident;
  std::copy(std::begin(header.ident), std::end(header.ident), ident.begin());
  ident_ = to_hex(ident);
  rpc::Object params;
  params.number("fds", 2)
      .text("onfail", options.skip_failing ? "skip" : "abort")
      .number("timeout_ms", static_cast<uint64_t>(options.timeout.count()));
  if (options.detach) params.flag("detach", true);
  standing_ = Standing{"program.submit", params.json(), {}, options.detach};
  for (int fd : {object_fd, segment_fd}) {
    standing_->fds.push_back(std::make_shared<Fd>(::fcntl(fd, F_DUPFD_CLOEXEC, 0)));
    if (!*standing_->fds.back()) return fail_errno("cannot duplicate a program's descriptor");
  }
  return say_standing();
}

Result<AttachedProgram> FleetClient::attach(const std::string& ident,
                                            std::chrono::milliseconds limit) {
  standing_ = Standing{"program.attach", rpc::Object().text("ident", ident).json(), {}, true};
  HP_TRYV(say_standing());
  const FleetEvent e = HP_TRY(wait_decision(limit));
  if (e.kind != FleetEvent::Committed) return fail(e.reason);
  AttachedProgram program{attached_.ident, attached_.script, {}, {}, e.guests};
  program.object = std::move(attached_.object);
  program.segment = Fd(::fcntl(attached_.segment.get(), F_DUPFD_CLOEXEC, 0));
  if (!program.segment) return fail_errno("cannot duplicate the program's segment");
  return program;
}

/* A connection that has ended is for serve() to find: the coordinator may have said why. */
Result<> FleetClient::say(std::string line, std::vector<SharedFd> fds) {
  auto sent = channel_->send(std::move(line), std::move(fds));
  if (!sent && sent.error().code == ECONNRESET) return {};
  return sent;
}

Result<> FleetClient::say_standing() {
  standing_id_ = std::to_string(next_id_++);
  return say(rpc::request(standing_id_, standing_->method, standing_->params), standing_->fds);
}

void FleetClient::lost(const std::string& reason) {
  if (!channel_->closed()) give_up("lost the coordinator at " + socket_path_ + ": " + reason);
}

void FleetClient::give_up(const std::string& message) {
  channel_->close();
  standing_id_.clear();
  call_id_.clear();
  answer_ = fail(message, ECONNRESET);
  if (!standing_) return;
  if (refused_) return over(FleetEvent::Aborted, message, {});
  if (!std::exchange(away_, true)) {
    events_.push_back({FleetEvent::Away, {}, message});
    backoff_ = kFirstRetry;
  }
  retry_at_ = Clock::now() + backoff_;
}

void FleetClient::come_back() {
  if (!away_ || !channel_->closed() || left(retry_at_) > 0) return;
  backoff_ = std::min(2 * backoff_, kLastRetry);
  retry_at_ = Clock::now() + backoff_;
  /* The channel that was closed stays until there is another. */
  if (auto opened = open(); !opened) return lost(opened.error().message);
  if (auto said = say_standing(); !said) lost(said.error().message);
}

/* The program is not, or no longer, the coordinator's. */
void FleetClient::over(FleetEvent::Kind before_decision, std::string reason,
                       std::vector<FleetGuest> guests) {
  const bool decided = standing_ && standing_->decided;
  events_.push_back(
      {decided ? FleetEvent::Ended : before_decision, std::move(guests), std::move(reason)});
  standing_.reset();
  away_ = false;
}

/* A coordinator that has just started may not have the segment of a detached program again yet. */
bool FleetClient::patient() {
  if (!standing_->decided || standing_->method != "program.attach") return false;
  const Clock::time_point now = Clock::now();
  if (!refused_since_) refused_since_ = now;
  return now - *refused_since_ < kPatience;
}

void FleetClient::handle_standing(const rpc::Message& m, std::vector<Fd> fds) {
  standing_id_.clear();
  if (!standing_) return;
  std::vector<FleetGuest> guests = guests_from(m.body);
  if (m.kind == rpc::Message::Failure && patient()) return lost(m.error);
  if (m.kind == rpc::Message::Failure)
    /* The guests with their reasons are in the event; the message alone has some of them too. */
    return over(FleetEvent::Aborted, m.body.text_or("reason", 4096, m.error).value_or(m.error),
                std::move(guests));
  if (standing_->detach && agreed_.protocol < kDetachProtocol)
    return over(FleetEvent::Aborted,
                "the coordinator at " + socket_path_ +
                    " is too old to keep programs without their consumer: restart it",
                {});
  if (standing_->method == "program.attach") {
    if (fds.size() != 2)
      return over(FleetEvent::Aborted, "the coordinator did not hand the program over", {});
    if (standing_->decided && !same_file(fds[1].get(), attached_.segment.get()))
      return over(FleetEvent::Aborted,
                  "the program's data were lost with the coordinator and its guests; it was begun "
                  "anew: attach again",
                  {});
    attached_.object = std::move(fds[0]);
    attached_.segment = std::move(fds[1]);
    attached_.script = m.body.text_or("script", kMaxScript, "").value_or("");
    ident_ = attached_.ident = m.body.text_or("ident", 64, "").value_or("");
    standing_->params = rpc::Object().text("ident", ident_).json();
  }
  const bool decided = std::exchange(standing_->decided, true);
  away_ = false;
  refused_since_.reset();
  events_.push_back({decided ? FleetEvent::Back : FleetEvent::Committed, std::move(guests), ""});
}

void FleetClient::handle(FleetChannel::Incoming& in) {
  using rpc::Message;
  const Message& m = in.message;
  if (control::is_hello_answer(m)) {
    auto agreed = control::read_hello_answer(m);
    refused_ = !agreed;
    if (refused_) return give_up(agreed.error().message);
    agreed_ = std::move(*agreed);
    return;
  }
  if (m.kind == Message::Failure && m.id.empty()) { /* it does not take the connection */
    refused_ = !standing_ || !standing_->decided;
    return give_up(m.error);
  }
  if (m.kind == Message::Answer || m.kind == Message::Failure) {
    if (m.id == standing_id_ && !standing_id_.empty()) {
      handle_standing(m, std::move(in.fds));
    } else if (m.id == call_id_ && !call_id_.empty()) {
      call_id_.clear();
      if (m.kind == Message::Answer)
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
  if (m.method == "program.ended")
    over(FleetEvent::Ended,
         "the program was ended: " + m.body.text_or("reason", 4096, "").value_or(""), {});
}

void FleetClient::serve() {
  if (channel_->closed()) return come_back();
  auto more = channel_->receive();
  for (;;) { /* what arrived before the end counts */
    auto in = channel_->next();
    if (!in) return lost(in.error().message);
    if (!*in) break;
    if ((*in)->malformed) return lost("it sent what is no message: " + (*in)->malformed->message);
    handle(**in);
  }
  if (!more) return lost(more.error().message);
  if (!*more) return lost("it ended");
  if (auto sent = channel_->flush(); !sent) lost(sent.error().message);
}

bool FleetClient::wait_input(Clock::time_point end, bool* interrupted) {
  pollfd p{fd(), poll_events(), 0};
  int limit = left(end);
  if (away_) limit = static_cast<int>(std::max<int64_t>(patience().count(), 0));
  if (away_ && fd() >= 0) limit = -1; /* it answers, or is lost once more */
  const int r = ::poll(&p, 1, limit);
  if (r < 0 && errno == EINTR && interrupted) *interrupted = true;
  serve();
  return away_ || left(end) > 0;
}

std::vector<FleetEvent> FleetClient::dispatch() {
  serve();
  return std::exchange(events_, {});
}

Result<FleetEvent> FleetClient::wait_decision(std::chrono::milliseconds limit) {
  auto end = Clock::now() + limit;
  for (;;) {
    for (auto it = events_.begin(); it != events_.end(); ++it) {
      if (!decides(*it)) continue;
      FleetEvent event = std::move(*it);
      events_.erase(it);
      return event;
    }
    bool interrupted = false;
    if (away_) end = Clock::now() + limit;
    bool time_left = wait_input(end, &interrupted);
    if (interrupted) return fail("interrupted", EINTR);
    const bool told = std::any_of(events_.begin(), events_.end(), decides);
    if (!time_left && !told)
      return fail("the coordinator at " + socket_path_ + " does not answer", ETIMEDOUT);
  }
}

void FleetClient::kill(std::chrono::milliseconds limit) {
  if (ident_.empty() || channel_->closed() || away_) return;
  (void)call("program.kill", rpc::Object().text("ident", ident_).json(), limit);
}

Result<std::string> FleetClient::call(const std::string& method, const std::string& params,
                                      std::chrono::milliseconds limit) {
  if (channel_->closed() || away_)
    return fail("lost the coordinator at " + socket_path_, ECONNRESET);
  auto end = Clock::now() + limit;
  call_id_ = std::to_string(next_id_++);
  if (auto sent = say(rpc::request(call_id_, method, params)); !sent) lost(sent.error().message);
  while (!call_id_.empty())
    if (!wait_input(end, nullptr) && !call_id_.empty()) {
      call_id_.clear();
      return fail("the coordinator at " + socket_path_ + " does not answer", ETIMEDOUT);
    }
  return answer_;
}

}  // namespace hp
