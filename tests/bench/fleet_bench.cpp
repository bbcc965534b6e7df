/* What a transaction costs a coordinator: `fleet_bench PROBED OBJECT GUESTS [TRANSACTIONS]`.
 *
 * Starts `PROBED coordinator` in a directory of its own and connects that many guests to it, each a
 * FleetMember with a connection of its own and a host that has nothing to do; then submits and kills a program
 * again and again. Prints one JSON object:
 *   commit_ms     medians and 99th percentiles, from submit until the consumer hears that it is
 *   kill_ms       enabled in all guests; and from kill until it is disabled in all
 *   cpu_us        of the coordinator, for one transaction: submit, prepare, commit, kill
 *   rss_kib       what the coordinator grew by, from before the guests came to the end
 *   fds           its descriptors at the end, beyond those of before
 * All guests share one thread, so the latencies hold their work, too.
 *
 * `fleet_bench --at SOCKET OBJECT GUESTS [TRANSACTIONS]` does the same to guests that exist already. */
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "host/fleet_client.hpp"
#include "simulated_fleet.hpp"
#include "temporary_directory.hpp"

using namespace hp;
using namespace hp::test;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

constexpr auto kLimit = 60s;

double ms(Clock::duration d) {
  return std::chrono::duration<double, std::milli>(d).count();
}

struct Figures {
  std::vector<double> values;
  double quantile(double q) {
    std::sort(values.begin(), values.end());
    return values[std::min(values.size() - 1,
                           static_cast<size_t>(q * static_cast<double>(values.size())))];
  }
};

/* A child process that is ended with us. */
struct Daemon {
  pid_t pid = -1;
  Daemon(const char* program, const std::string& socket, const std::string& directory) {
    pid = ::fork();
    if (pid != 0) return;
    ::setenv("HYPROBE_BASE", (directory + "/base").c_str(), 1);
    ::execl(program, program, "coordinator", "--foreground", "--socket", socket.c_str(), nullptr);
    std::perror(program);
    ::_exit(127);
  }
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;
  ~Daemon() {
    ::kill(pid, SIGTERM);
    ::waitpid(pid, nullptr, 0);
  }
  std::string proc(const char* what) const { return "/proc/" + std::to_string(pid) + "/" + what; }
  double cpu_us() const { /* proc(5): schedstat is CPU time in ns first */
    double ns = 0;
    std::ifstream(proc("schedstat")) >> ns;
    return ns / 1e3;
  }
  long rss_kib() const {
    long size = 0, resident = 0;
    std::ifstream(proc("statm")) >> size >> resident;
    return resident * (::sysconf(_SC_PAGESIZE) / 1024);
  }
  long fds() const { return std::distance(std::filesystem::directory_iterator(proc("fd")), {}); }
};

/* The guests, served by a thread of their own. */
class Guests {
 public:
  Guests(size_t count, const std::string& socket) : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    for (size_t i = 0; i < count; i++) {
      guests_.push_back(std::make_unique<SimulatedGuest>("web" + std::to_string(i), socket));
      need(guests_.back()->joined(), "a guest");
      epoll_event event{EPOLLIN, {.ptr = guests_.back().get()}};
      if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, guests_.back()->fd(), &event) != 0)
        throw std::runtime_error("epoll_ctl");
    }
    thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
  }

 private:
  void serve(const std::stop_token& stop) {
    epoll_event events[256];
    while (!stop.stop_requested()) {
      const int n = ::epoll_wait(epoll_.get(), events, 256, 100);
      for (int i = 0; i < n; i++) static_cast<SimulatedGuest*>(events[i].data.ptr)->dispatch();
    }
  }
  Fd epoll_;
  std::vector<std::unique_ptr<SimulatedGuest>> guests_;
  std::jthread thread_;
};

struct Latencies {
  Figures commit, kill;
};

Latencies transactions(const std::string& socket, const char* object, size_t guests, size_t count) {
  Latencies l;
  auto client = need(FleetClient::connect(socket), "the coordinator");
  for (size_t i = 0; i < count; i++) {
    SimulatedProgram program(object);
    const auto begin = Clock::now();
    need(client->submit(program.object.get(), program.segment.fd(), {}), "submit");
    const FleetEvent decision = need(client->wait_decision(kLimit), "decision");
    const auto committed = Clock::now();
    if (decision.kind != FleetEvent::Committed || decision.guests.size() != guests)
      throw std::runtime_error("enabled in " + std::to_string(decision.guests.size()) + " guests " +
                               decision.reason);
    client->kill(kLimit);
    l.commit.values.push_back(ms(committed - begin));
    l.kill.values.push_back(ms(Clock::now() - committed));
  }
  return l;
}

void print(Latencies& l, size_t guests, size_t count, const std::string& more) {
  std::printf(
      "{\"guests\": %zu, \"transactions\": %zu, \"commit_ms\": [%.2f, %.2f], \"kill_ms\": [%.2f, "
      "%.2f]%s}\n",
      guests, count, l.commit.quantile(0.5), l.commit.quantile(0.99), l.kill.quantile(0.5),
      l.kill.quantile(0.99), more.c_str());
}

void simulate(const char* probed, const char* object, size_t guests, size_t count) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  const TemporaryDirectory directory;
  const std::string socket = directory.path() + "/run/control.sock";
  const Daemon daemon(probed, socket, directory.path());
  const auto end = Clock::now() + kLimit;
  while (!FleetClient::connect(socket))
    if (Clock::now() > end) throw std::runtime_error("no coordinator");
  const long rss = daemon.rss_kib(), fds = daemon.fds();
  const Guests served(guests, socket);
  transactions(socket, object, guests, 3); /* warm */
  const double cpu = daemon.cpu_us();
  Latencies l = transactions(socket, object, guests, count);
  const double used = (daemon.cpu_us() - cpu) / static_cast<double>(count);
  char more[200];
  std::snprintf(more, sizeof more, ", \"cpu_us\": %.0f, \"rss_kib\": %ld, \"fds\": %ld", used,
                daemon.rss_kib() - rss, daemon.fds() - fds);
  print(l, guests, count, more);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: fleet_bench PROBED OBJECT GUESTS [TRANSACTIONS]\n");
    return 2;
  }
  try {
    const bool existing = std::string(argv[1]) == "--at" && argc > 4;
    char** rest = argv + (existing ? 2 : 1);
    const size_t guests = std::stoul(rest[2]), count = rest[3] ? std::stoul(rest[3]) : 50;
    if (!existing) {
      simulate(rest[0], rest[1], guests, count);
    } else {
      Latencies l = transactions(rest[0], rest[1], guests, count);
      print(l, guests, count, "");
    }
  } catch (const std::exception& e) {
    std::fprintf(stderr, "fleet_bench: %s\n", e.what());
    return 1;
  }
  return 0;
}
