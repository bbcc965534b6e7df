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
  if (segment_.fd() >= 0 && !runs_on_) segment_.set_state(HP_STATE_DEAD);
}

void Session::notice(const std::string& line) {
  if (!sink_->options().quiet) sink_->message(line);
}

Result<> Session::open_output() {
  if (!options_.output.empty()) output_ = HP_TRY(Output::open(options_.output));
  sink_ = std::make_unique<TextSink>(output_, options_.text, options_.program);
  sink_->on_setopt(options_.set_option);
  signals_ = std::make_unique<StopSignals>(HP_TRY(StopSignals::install()));
  return {};
}

Result<int> Session::run() {
  HP_TRYV(open_output());
  HP_TRYV(create_segment());
  if (!options_.command.empty()) HP_TRYV(start_command());
  if (options_.fleet) HP_TRYV(join_fleet());
  HP_TRYV(load());
  HP_TRYV(begin());
  if (fleet_) fleet_->announce();
  if (options_.submit.detach && !segment_.exiting()) {
    const Result<> left = detach();
    if (!left) fleet_->end();
    HP_TRYV(left);
    return 0;
  }
  HP_TRYV(loop());
  HP_TRYV(end());
  return status();
}

Result<int> Session::run_attached(std::unique_ptr<FleetClient> client, AttachedProgram program) {
  HP_TRYV(open_output());
  runs_on_ = true;
  segment_ = HP_TRY(Segment::open(std::move(program.segment)));
  options_.consumer.look = true;
  consumer_ = std::make_unique<Consumer>(object_, segment_, *sink_, options_.consumer);
  fleet_ = std::make_unique<SessionFleet>(std::move(client), *sink_, fleet_options());
  HP_TRYV(load());
  /* Who submitted it did not come to that, or its data were lost and it begins anew. */
  if (segment_.header()->state == HP_STATE_NEW) HP_TRYV(begin());
  fleet_->attached(program.guests);
  HP_TRYV(loop());
  runs_on_ = !segment_.exiting() && !fleet_->ended();
  HP_TRYV(runs_on_ ? leave() : end());
  return status();
}

Result<> Session::begin() {
  local_->begin();
  if (guest_) guest_->commit(guest_slot_, enabling_.mask);
  segment_.set_state(HP_STATE_ACTIVE);
  if (guest_ && !segment_.exiting()) guest_->resume();
  return {};
}

Result<int> Session::status() const {
  if ((fleet_ && fleet_->failed()) || command_never_ran()) return 1;
  return consumer_->exit_status().value_or(0) & 0xff;
}

/* What BEGIN printed, then the name by which the program is found again. */
Result<> Session::detach() {
  consumer_->consume();
  HP_TRYV(output_.flush());
  ProgramIdent ident;
  std::copy_n(segment_.header()->ident, ident.size(), ident.begin());
  const std::string name = to_hex(ident);
  Output out;
  out.write(sink_->options().quiet ? name + "\n" : "program " + name + " runs detached\n");
  HP_TRYV(out.flush());
  segment_.leave();
  runs_on_ = true;
  return {};
}

/* The end of an attached session, not of its program. */
Result<> Session::leave() {
  signals_->drain();
  if (signals_->count() > 0) output_.write("\n"); /* after the terminal's ^C */
  consumer_->consume();
  consumer_->report_drops();
  output_.write("\n");
  if (signals_->count() < 2) sink_->remaining(consumer_->table());
  return output_.flush();
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
  if (options_.submit.detach) {
    segment_.header()->self_pid = 0; /* no guest takes the program for an orphan */
    options_.consumer.look = true;
  }
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

SessionFleet::Options Session::fleet_options() {
  SessionFleet::Options o;
  o.verbose = options_.verbose;
  o.submit = options_.submit;
  if (options_.on_enabled)
    o.on_enabled = [this](size_t guests) {
      return options_.on_enabled(object_, segment_.view(), guests);
    };
  return o;
}

Result<> Session::join_fleet() {
  fleet_ = std::make_unique<SessionFleet>(HP_TRY(FleetClient::connect(options_.socket)), *sink_,
                                          fleet_options());
  return fleet_->submit(object_fd_.get(), segment_.fd());
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
  while (!stop_ && !(fleet_ && fleet_->over()) && !segment_.exiting() && signals_->count() == 0) {
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
    if (fleet_) fds[3] = fleet_->pollfd();
    if (::poll(fds.data(), fds.size(), wait_limit(hp_now())) < 0 && errno != EINTR)
      return fail_errno("cannot wait for events");
    if (guest_) {
      guest_->dispatch();
      if (guest_->exit_status()) stop_ = true;
    }
    if (fleet_) fleet_->serve();
  }
  return {};
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
  if (fleet_) fleet_->end();
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
