#include "probevm_run.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>

#include "guest_machine.hpp"
#include "guest_member.hpp"
#include "host/signals.hpp"

namespace hp {

namespace {

using machine::MachineEnd;
using machine::MachineState;
using Clock = std::chrono::steady_clock;

constexpr size_t kMaxConfig = 1u << 20;

int complain(const std::string& message) {
  std::fprintf(stderr, "probevm: %s\n", message.c_str());
  return kNotStarted;
}

int status_of(MachineEnd end) {
  switch (end) {
    case MachineEnd::PowerOff:
      return kPoweredOff;
    case MachineEnd::Reset:
      return kGuestReset;
    case MachineEnd::Panic:
      return kGuestPanicked;
    case MachineEnd::TripleFault:
      return kGuestTripleFault;
    case MachineEnd::Killed:
      return kGuestKilled;
    default:
      return kMachineFailed;
  }
}

/* Prints what happened since it was asked last; true at the end. */
class Reporter {
 public:
  explicit Reporter(const std::string& name) : name_(name) {}
  bool report(const MachineState& s) {
    if (s.restarts != restarts_) {
      restarts_ = s.restarts;
      say(std::string(describe(s.end)) + "; started again");
    }
    if ((s.kind == MachineState::Paused) != paused_) {
      paused_ = !paused_;
      say(paused_ ? "paused" : "goes on");
    }
    if (s.kind != MachineState::Ended) return false;
    say(std::string(describe(s.end)) + (s.message.empty() ? "" : ": " + s.message));
    return true;
  }

 private:
  void say(const std::string& what) const {
    std::fprintf(stderr, "probevm: %s: %s\n", name_.c_str(), what.c_str());
  }
  const std::string name_;
  uint64_t restarts_ = 0;
  bool paused_ = false;
};

/* SIGUSR1 pauses the guest, SIGUSR2 lets it go on. */
class PauseSignals {
 public:
  PauseSignals() {
    ::sigemptyset(&mask_);
    ::sigaddset(&mask_, SIGUSR1);
    ::sigaddset(&mask_, SIGUSR2);
    ::pthread_sigmask(SIG_BLOCK, &mask_, nullptr);
    fd_ = Fd(::signalfd(-1, &mask_, SFD_CLOEXEC | SFD_NONBLOCK));
  }
  int fd() const { return fd_.get(); }
  void obey(machine::Machine& machine) const {
    signalfd_siginfo info;
    while (::read(fd_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info))
      info.ssi_signo == SIGUSR1 ? machine.pause() : machine.resume();
  }

 private:
  sigset_t mask_{};
  Fd fd_;
};

}  // namespace

std::shared_ptr<RunOptions> add_run_options(CLI::App& run) {
  auto options = std::make_shared<RunOptions>();
  run.add_option("--config", options->file, "JSON file with the options below as keys");
  for (const RunField& field : run_fields()) {
    const std::string option = "--" + std::string(field.name), help(field.help);
    auto& given = options->given.emplace_back(&field, std::vector<std::string>());
    if (std::holds_alternative<bool RunConfig::*>(field.member))
      run.add_flag_callback(option, [&given] { given.second.emplace_back("true"); }, help);
    else
      run.add_option(option, given.second, help)
          ->expected(1)
          ->trigger_on_parse(false)
          ->multi_option_policy(
              std::holds_alternative<std::vector<std::string> RunConfig::*>(field.member)
                  ? CLI::MultiOptionPolicy::TakeAll
                  : CLI::MultiOptionPolicy::TakeLast);
  }
  run.footer(
      "Exits with 0 when the guest powered off, 10 when it rebooted, 11 when its kernel panicked, "
      "12 on a\n"
      "triple fault, 13 when it was killed, 14 when KVM failed, 125 when it could not be started.");
  return options;
}

Result<RunConfig> run_config(const RunOptions& options) {
  RunConfig config;
  if (!options.file.empty()) {
    const std::string text = HP_TRY(read_file(options.file, kMaxConfig));
    if (auto applied = apply_json(config, text); !applied)
      return fail(options.file + ": " + applied.error().message);
  }
  for (const auto& [field, values] : options.given)
    if (!values.empty()) HP_TRYV(set_field(config, *field, values));
  HP_TRYV(check_config(config));
  return config;
}

int run_guest(const RunConfig& config) {
  auto signals = host::StopSignals::install();
  if (!signals) return complain(signals.error().message);
  const PauseSignals pausing;
  GuestMember member(config);
  auto guest = GuestMachine::create(config, &member.port());
  if (!guest) return complain(guest.error().message);
  machine::Machine& machine = (*guest)->machine();
  if (auto opened = member.open(machine.ram(), *(*guest)->link()); !opened)
    return complain(opened.error().message);
  if (const std::string& place = (*guest)->console().place(); !place.empty())
    std::fprintf(stderr, "probevm: %s: console is %s\n", config.name.c_str(), place.c_str());
  if (auto started = (*guest)->start(); !started) return complain(started.error().message);

  Reporter reporter(config.name);
  int asked = 0; /* how often we were asked to stop */
  Clock::time_point limit;
  MachineState state;
  while (!reporter.report(state = machine.state())) {
    int timeout = -1;
    if (asked != 0) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(limit - Clock::now());
      if (left.count() <= 0) machine.kill();
      timeout = static_cast<int>(std::max<int64_t>(left.count(), 0));
      if (timeout == 0) timeout = -1;
    }
    const int due = member.timeout_ms();
    if (due >= 0 && (timeout < 0 || due < timeout)) timeout = due;
    const auto its = member.poll_fds();
    pollfd fds[] = {{machine.fd(), POLLIN, 0},
                    {signals->fd(), POLLIN, 0},
                    {(*guest)->console().escape_fd(), POLLIN, 0},
                    {pausing.fd(), POLLIN, 0},
                    its[0],
                    its[1]};
    ::poll(fds, std::size(fds), timeout);
    member.dispatch();
    if (fds[3].revents != 0) pausing.obey(machine);
    if (fds[1].revents != 0 || fds[2].revents != 0) {
      signals->drain();
      uint64_t count;
      (void)!::read((*guest)->console().escape_fd(), &count, sizeof count);
      if (++asked == 1) {
        machine.resume();
        limit = Clock::now() + std::chrono::seconds(config.stop_timeout);
        if (!machine.press_power_button())
          std::fprintf(stderr, "probevm: %s: the guest does not listen to its power button yet\n",
                       config.name.c_str());
      } else {
        machine.kill();
      }
    }
  }
  machine.halt();
  member.close(); /* while there is memory to look at */
  guest->reset();
  return status_of(state.end);
}

}  // namespace hp
