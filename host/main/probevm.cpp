/* probevm: starts guests. `probevm exec --name web1 -- CMD...`: a command as a process guest that
 * `probec -E` can trace. */
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string_view>

#include "guest/supervisor.hpp"
#include "host/fleet_client.hpp"
#include "host/fleet_member.hpp"
#include "host/fleet_program.hpp"
#include "host/process_programs.hpp"
#include "host/standard_descriptors.hpp"
#include "probevm_run.hpp"

using namespace hp;
using namespace std::chrono_literals;

namespace {

constexpr int kOwnFailure = 125;        /* as env(1) and timeout(1): not the command's status */
constexpr auto kRegisterLimit = 2000ms; /* for the coordinator's first answer */
constexpr auto kSettleLimit = 5000ms;   /* for the programs that run already */
constexpr int kForwarded[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2};

struct Options {
  std::string name, hostname, socket, gate = "auto";
  bool no_register = false, require_coordinator = false;
  std::vector<std::string> command;
};

int complain(const std::string& message) {
  std::fprintf(stderr, "probevm: %s\n", message.c_str());
  return kOwnFailure;
}

std::string default_name(const std::string& program) {
  std::string base = program.substr(program.rfind('/') + 1);
  std::string name;
  for (char c : base.substr(0, 40)) name += c > ' ' && c <= '~' && c != ':' ? c : '_';
  return name + "-" + std::to_string(::getpid());
}

/* A signal that the terminal sent reached the whole process group, the guest included; one that
 * kill(2) sent to us is meant for the command. */
void forward_signals(int fd, guest::Supervisor& guest) {
  signalfd_siginfo info;
  while (::read(fd, &info, sizeof info) == static_cast<ssize_t>(sizeof info))
    if (info.ssi_code != SI_KERNEL) guest.signal(static_cast<int>(info.ssi_signo));
}

int run(const Options& o) {
  std::unique_ptr<FleetMember> member;
  const std::string hostname = o.hostname.empty() ? guest::host_hostname() : o.hostname;
  const GuestDescription self{o.name, hostname, guest::host_osversion()};
  if (!o.no_register) {
    member = std::make_unique<FleetMember>(self, o.socket.empty() ? fleet_socket_path() : o.socket);
    if (auto done = member->register_now(kRegisterLimit); !done) {
      const bool refused = done.error().code == 0;
      if (refused || o.require_coordinator) return complain(done.error().message);
      std::fprintf(stderr, "probevm: %s; '%s' runs unregistered until then\n",
                   done.error().message.c_str(), o.name.c_str());
    }
  }

  guest::GuestOptions g;
  g.late_programs = true;
  g.argv = o.command;
  g.name = o.name;
  g.hostname = hostname;
  g.vmid = member ? member->vmid() : 0;
  g.gate = o.gate == "doorbell" ? HP_GATE_DOORBELL : o.gate == "slot" ? HP_GATE_SLOT : HP_GATE_AUTO;
  g.paused = true;
  sigset_t forwarded, original;
  ::sigemptyset(&forwarded);
  for (int s : kForwarded) ::sigaddset(&forwarded, s);
  ::pthread_sigmask(SIG_BLOCK, &forwarded, &original);
  g.signal_mask = original;
  auto started = guest::Supervisor::start(g);
  if (!started) return complain(started.error().message);
  guest::Supervisor& guest = **started;
  Fd signals(::signalfd(-1, &forwarded, SFD_CLOEXEC | SFD_NONBLOCK));
  ProcessPrograms programs(guest, self);
  if (member) member->attach(programs);

  /* What runs in the fleet already is enabled before the first instruction. */
  auto settle = std::chrono::steady_clock::now() + kSettleLimit;
  bool paused = true;
  while (!guest.finished()) {
    if (paused && (!member || member->settled() || std::chrono::steady_clock::now() >= settle)) {
      guest.resume();
      paused = false;
    }
    auto sup = guest.poll_fds();
    pollfd fds[] = {sup[0], sup[1], {signals.get(), POLLIN, 0}, {-1, 0, 0}};
    int timeout = paused ? 100 : -1;
    if (member) {
      fds[3] = {member->fd(), member->poll_events(), 0};
      if (int t = member->timeout_ms(); t >= 0 && (timeout < 0 || t < timeout)) timeout = t;
    }
    ::poll(fds, std::size(fds), timeout);
    guest.dispatch();
    if (fds[2].revents) forward_signals(signals.get(), guest);
    if (member) {
      member->dispatch();
      if (uint64_t n = programs.new_load_failures())
        std::fprintf(stderr, "probevm: %s: %llu process%s could not load a program\n",
                     o.name.c_str(), static_cast<unsigned long long>(n), n == 1 ? "" : "es");
    }
  }
  int status = guest.exit_status().value_or(kOwnFailure << 8);
  started->reset();
  member.reset();
  guest::exit_as(status);
}

}  // namespace

int main(int argc, char** argv) {
  host::occupy_standard_descriptors();
  CLI::App app{"probevm: starts Hyprobe guests"};
  app.require_subcommand(1);
  app.set_version_flag("-V,--version", "probevm: Hyprobe 0.1.0");
  Options o;
  auto* exec = app.add_subcommand("exec", "run a command as a process guest");
  exec->add_option("--name", o.name, "vmname; default: the command's name and a number");
  exec->add_option("--hostname", o.hostname,
                   "hostname that targets match; default: this machine's");
  exec->add_option("--gate", o.gate, "how system calls leave the guest")
      ->check(CLI::IsMember({"auto", "doorbell", "slot"}))
      ->capture_default_str();
  exec->add_option("--socket", o.socket, "control socket of the coordinator");
  exec->add_flag("--no-register", o.no_register, "do not register with a coordinator");
  exec->add_flag("--require-coordinator", o.require_coordinator,
                 "fail when no coordinator answers, instead of running unregistered");
  exec->add_option("command", o.command, "the command and its arguments, after --");
  exec->footer(
      "Ends when the last process of the guest has ended, with the command's status.\n"
      "Exits with 125 when it could not start the guest.");
  auto* linux_guest = app.add_subcommand("run", "boot a Linux guest");
  const auto run_options = add_run_options(*linux_guest);
  /* What follows -- is the command's, options and all. */
  int own = static_cast<int>(
      std::find_if(argv, argv + argc, [](const char* a) { return std::string_view(a) == "--"; }) -
      argv);
  try {
    app.parse(own, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : kOwnFailure;
  }
  if (linux_guest->parsed()) {
    auto config = run_config(*run_options);
    if (!config) return complain(config.error().message);
    if (config->name.empty()) config->name = default_name(config->kernel);
    if (std::string bad = bad_guest_name(config->name); !bad.empty()) return complain(bad);
    return run_guest(*config);
  }
  if (own < argc) o.command.insert(o.command.end(), argv + own + 1, argv + argc);
  if (o.command.empty()) return complain("no command given: probevm exec [OPTIONS] -- CMD...");
  if (o.name.empty()) o.name = default_name(o.command[0]);
  if (std::string bad = bad_guest_name(o.name); !bad.empty()) return complain(bad);
  if (o.no_register && o.require_coordinator)
    return complain("--no-register and --require-coordinator exclude each other");
  return run(o);
}
