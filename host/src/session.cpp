#include "host/session.hpp"

#include <poll.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <utility>

#include "host/text.hpp"
#include "transport/control.h"
#include "transport/segment.h"

namespace hp::host {
namespace {

/* exit() in a guest sets a flag in the segment without waking anybody: looked at this often. */
constexpr uint64_t kGlance = 20'000'000;
constexpr uint32_t kCommandVmid = 1; /* of the guest of -c; 0 is the machine itself */

std::string base_name(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

}  // namespace

Session::Session(Object object, std::string object_bytes, Enabling enabling, SessionOptions options)
    : object_(std::move(object)),
      object_bytes_(std::move(object_bytes)),
      enabling_(std::move(enabling)),
      options_(std::move(options)),
      hostname_(guest::host_hostname()) {}

Session::~Session() {
  /* Whoever still maps the segment sees that it is over. */
  if (segment_.fd() >= 0) segment_.set_state(HP_STATE_DEAD);
}

void Session::notice(const std::string& line) {
  if (!sink_->options().quiet) sink_->message(line);
}

Result<int> Session::run() {
  if (!options_.output.empty()) output_ = HP_TRY(Output::open(options_.output));
  sink_ = std::make_unique<TextSink>(output_, options_.text, options_.program);
  sink_->on_setopt(options_.set_option);
  signals_ = std::make_unique<StopSignals>(HP_TRY(StopSignals::install()));
  HP_TRYV(create_segment());
  if (!options_.command.empty()) HP_TRYV(start_command());
  if (options_.fleet) HP_TRYV(join_fleet());
  HP_TRYV(load());

  local_->begin();
  if (guest_) guest_->commit(guest_slot_, enabling_.mask);
  segment_.set_state(HP_STATE_ACTIVE);
  if (guest_ && !segment_.exiting()) guest_->resume();
  HP_TRYV(loop());
  HP_TRYV(end());
  if (fleet_failed_ || command_never_ran()) return 1;
  return consumer_->exit_status().value_or(0) & 0xff;
}

Result<> Session::create_segment() {
  SegmentOptions options = options_.segment;
  options.max_probes =
      std::max<uint32_t>(static_cast<uint32_t>(enabling_.probes.size()) + options_.guest_probes, 1);
  segment_ = HP_TRY(Segment::create(object_, options));
  for (const hp_seg_probe* p : enabling_.probes)
    HP_TRY(segment_.add_probe(p->id, p->prov, p->mod, p->func, p->name));
  HP_TRYV(segment_.set_guest(0, hostname_, hostname_));
  object_fd_ = HP_TRY(make_sealed_memfd("hyprobe-object", object_bytes_));
  consumer_ = std::make_unique<Consumer>(object_, segment_, *sink_, options_.consumer);
  return {};
}

Result<> Session::start_command() {
  guest::GuestOptions o;
  o.argv = options_.command;
  o.vmid = kCommandVmid;
  o.gate = options_.gate;
  o.paused = true;
  o.default_signals = {SIGPIPE}; /* ignored here, see StopSignals */
  guest_ = HP_TRY(guest::Supervisor::start(o));
  segment_.set_target_pid(guest_->pid());
  HP_TRYV(segment_.set_guest(kCommandVmid, base_name(options_.command[0]), hostname_));
  guest_slot_ = HP_TRY(guest_->prepare(object_fd_.get(), segment_.fd(), segment_.header()->ident));
  return {};
}

Result<> Session::join_fleet() {
  fleet_ = HP_TRY(FleetClient::connect(options_.socket));
  HP_TRYV(fleet_->submit(object_fd_.get(), segment_.fd(), options_.submit));
  const FleetEvent e =
      HP_TRY(fleet_->wait_decision(options_.submit.timeout + std::chrono::seconds(2)));
  const auto names = [&](bool reasons) {
    std::string list;
    for (const FleetGuest& g : e.guests) {
      list += list.empty() ? "" : ", ";
      list += g.name;
      if (reasons && !g.reason.empty()) list += " (" + g.reason + ")";
    }
    return list;
  };
  if (e.kind != FleetEvent::Committed) {
    std::string why = e.reason.empty() ? "the fleet refused the program" : e.reason;
    if (!e.guests.empty()) why += ": " + names(true);
    return fail(why);
  }
  guests_seen_ = !e.guests.empty();
  if (options_.on_enabled) HP_TRYV(options_.on_enabled(object_, segment_.view(), e.guests.size()));
  std::string line;
  if (e.guests.empty())
    line = "no guest matches yet; waiting for guests to appear\n";
  else
    appendf(line, "enabled in %zu guest%s: %s\n", e.guests.size(), e.guests.size() == 1 ? "" : "s",
            names(false).c_str());
  notice(line);
  return {};
}

Result<> Session::load() {
  program_ = HP_TRY(handler::Program::load(HP_TRY(Object::parse(object_bytes_)), segment_.fd(),
                                           {hostname_, hostname_, guest::host_osversion()}));
  local_ = std::make_unique<LocalProbes>(*program_);
  return {};
}

int Session::wait_limit(uint64_t now) const {
  uint64_t at = std::min({next_switch_, next_status_, local_->next_deadline(), now + kGlance});
  if (next_print_ != 0) at = std::min(at, next_print_);
  if (at <= now) return 0;
  return static_cast<int>((at - now + 999'999) / 1'000'000);
}

Result<> Session::loop() {
  uint64_t now = hp_now();
  next_switch_ = now; /* what BEGIN printed comes at once */
  next_status_ = now + options_.statusrate;
  next_print_ = options_.print_every != 0 ? now + options_.print_every : 0;
  local_->start(now);
  while (!stop_ && !segment_.exiting() && signals_->count() == 0) {
    now = hp_now();
    local_->fire_due(now);
    if (now >= next_switch_ || consumer_->pressing()) {
      consumer_->consume();
      HP_TRYV(output_.flush());
      next_switch_ = hp_now() + options_.switchrate;
    }
    if (now >= next_status_) {
      consumer_->report_drops();
      next_status_ = now + options_.statusrate;
    }
    if (next_print_ != 0 && now >= next_print_) {
      consumer_->consume();
      sink_->all(consumer_->table());
      HP_TRYV(output_.flush());
      next_print_ += options_.print_every;
    }
    if (segment_.exiting()) break;

    std::array<pollfd, 4> fds{};
    fds[0] = {signals_->fd(), POLLIN, 0};
    fds[1] = fds[2] = fds[3] = {-1, 0, 0};
    if (guest_) std::copy_n(guest_->poll_fds().begin(), 2, fds.begin() + 1);
    if (fleet_ && fleet_->fd() >= 0) fds[3] = {fleet_->fd(), fleet_->poll_events(), 0};
    if (::poll(fds.data(), fds.size(), wait_limit(hp_now())) < 0 && errno != EINTR)
      return fail_errno("cannot wait for events");
    if (guest_) {
      guest_->dispatch();
      if (guest_->exit_status()) stop_ = true;
    }
    if (fleet_ && fds[3].revents != 0) serve_fleet();
  }
  return {};
}

void Session::fleet_failed(const std::string& why) {
  sink_->message(why + "\n");
  fleet_failed_ = stop_ = true;
}

void Session::serve_fleet() {
  for (const FleetEvent& e : fleet_->dispatch()) {
    const std::string who = e.guests.empty() ? "a guest" : "guest " + e.guests[0].name;
    switch (e.kind) {
      case FleetEvent::Joined:
        if (options_.verbose) notice(who + " has joined\n");
        if (std::exchange(guests_seen_, true) || !options_.on_enabled) break;
        if (const Result<> r = options_.on_enabled(object_, segment_.view(), 1); !r)
          fleet_failed(r.error().message);
        break;
      case FleetEvent::Gone:
        if (options_.verbose) notice(who + " has gone\n");
        break;
      case FleetEvent::Refused:
        sink_->message(who + " cannot run the program: " +
                       (e.guests.empty() ? e.reason : e.guests[0].reason) + "\n");
        break;
      case FleetEvent::Ended:
      case FleetEvent::DaemonLost:
      case FleetEvent::Aborted:
        fleet_ended_ = true;
        fleet_failed(e.reason.empty() ? "the program was ended by the fleet" : e.reason);
        break;
      case FleetEvent::Committed:
        break;
    }
  }
}

void Session::report_command_end() {
  const int status = *guest_->exit_status();
  std::string line;
  if (WIFSIGNALED(status))
    appendf(line, "pid %d terminated by signal %d (%s)\n", guest_->pid(), WTERMSIG(status),
            ::strsignal(WTERMSIG(status)));
  else if (WEXITSTATUS(status) != 0)
    appendf(line, "pid %d exited with status %d\n", guest_->pid(), WEXITSTATUS(status));
  else
    appendf(line, "pid %d has exited\n", guest_->pid());
  notice(line);
}

/* The monitor gave up before the command's first instruction, and has said why. */
bool Session::command_never_ran() const {
  return guest_ && guest_->exit_status() && WIFEXITED(*guest_->exit_status()) &&
         __atomic_load_n(&guest_->control().started, __ATOMIC_ACQUIRE) == 0;
}

Result<> Session::end() {
  if (signals_->count() > 0) {
    signals_->drain();
    output_.write("\n"); /* after the terminal's ^C */
  }
  if (guest_) guest_->disable(guest_slot_);
  if (fleet_ && !fleet_ended_) fleet_->kill(std::chrono::milliseconds(2000));
  segment_.set_state(HP_STATE_DRAINING);
  consumer_->consume_kept(); /* END finds room in a buffer that is full */
  local_->end();
  consumer_->finish();
  if (guest_) {
    const uint64_t n = __atomic_load_n(&guest_->control().load_failures, __ATOMIC_RELAXED);
    if (n != 0)
      sink_->message(std::to_string(n) + (n == 1 ? " process" : " processes") +
                     " of the command had no memory or descriptors to be traced\n");
  }
  if (guest_ && guest_->exit_status()) report_command_end();
  output_.write("\n");
  /* A second signal says that the user does not want to wait for more. */
  if (signals_->count() < 2) sink_->remaining(consumer_->table());
  HP_TRYV(output_.flush());
  segment_.set_state(HP_STATE_DEAD);
  return {};
}

}  // namespace hp::host
