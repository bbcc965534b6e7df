/* For tests of the daemon with real processes: a coordinator in a directory of its own, guests and consumers. The
 * guests' monitor is fleet_monitor, which needs no /dev/kvm and ends once a program was enabled, fetched and disabled. */
#pragma once
#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>

#include "host/fleet_channel.hpp"
#include "host/fleet_client.hpp"
#include "host/segment.hpp"
#include "transport/control.h"
#include "transport/rpc.hpp"

namespace hp::fleet_test {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

inline bool wait_for(const std::function<bool()>& condition) {
  auto end = std::chrono::steady_clock::now() + 30s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    ::usleep(2000);
  }
  return true;
}

struct Process {
  pid_t pid = -1;
  Fd err; /* its standard error */
  std::optional<int> status;

  explicit Process(std::vector<std::string> args, const std::function<void()>& in_child = {}) {
    int fds[2];
    REQUIRE(::pipe2(fds, O_CLOEXEC) == 0);
    std::vector<char*> argv;
    for (std::string& a : args) argv.push_back(a.data());
    argv.push_back(nullptr);
    pid = ::fork();
    if (pid == 0) {
      ::dup2(fds[1], 2);
      ::dup2(fds[1], 1);
      if (in_child) in_child();
      ::execv(argv[0], argv.data());
      ::_exit(127);
    }
    err.reset(fds[0]);
    ::close(fds[1]);
  }
  Process(Process&& o) noexcept
      : pid(std::exchange(o.pid, -1)), err(std::move(o.err)), status(o.status) {}
  ~Process() {
    if (pid <= 0 || status) return;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
  int wait() {
    if (!status) {
      int s = -1;
      bool ended = wait_for([&] { return ::waitpid(pid, &s, WNOHANG) == pid; });
      CHECK(ended);
      if (!ended) return -1;
      status = s;
    }
    return *status;
  }
  std::string output() {
    std::string text;
    char buf[512];
    for (ssize_t n; (n = ::read(err.get(), buf, sizeof buf)) > 0;)
      text.append(buf, static_cast<size_t>(n));
    return text;
  }
};

/* A coordinator and what it needs, in a directory of its own. */
struct Fleet {
  fs::path dir;
  std::string socket, config;
  std::optional<Process> daemon;
  std::vector<Process> guests;

  Fleet() {
    char name[] = "/tmp/hp-fleet-XXXXXX";
    REQUIRE(::mkdtemp(name));
    dir = name;
    socket = dir / "run/control.sock";
    ::setenv("HYPROBE_GUEST", FLEET_MONITOR, 1);
    ::setenv("HYPROBE_SOCKET", socket.c_str(), 1);
    config = dir / "hyprobe.toml";
    std::ofstream(config) << "";
    ::setenv("HYPROBE_CONFIG", config.c_str(), 1);
    ::setenv("HYPROBE_BASE", (dir / "base").c_str(), 1);
    start();
  }
  ~Fleet() {
    guests.clear();
    daemon.reset();
    fs::remove_all(dir);
  }
  void start(const std::vector<std::string>& options = {},
             const std::function<void()>& in_child = {}) {
    std::vector<std::string> args = {HP_BIN_DIR "/probed", "coordinator", "--foreground"};
    args.insert(args.end(), options.begin(), options.end());
    daemon.emplace(args, in_child);
    if (wait_for([&] { return FleetClient::connect(socket).has_value(); })) return;
    ::kill(daemon->pid, SIGKILL);
    FAIL(daemon->output());
  }
  /* New rights and limits; returns when they hold. */
  void configure(const std::string& text) {
    const auto times = [&] {
      const std::string log = call("log", "{\"limit\":10000}");
      size_t n = 0;
      for (size_t at = 0; (at = log.find("\"configured\"", at)) != log.npos; at++) n++;
      return n;
    };
    const size_t before = times();
    std::ofstream(config) << text;
    ::kill(daemon->pid, SIGHUP);
    REQUIRE(wait_for([&] { return times() > before; }));
  }
  void kill(int signal) {
    ::kill(daemon->pid, signal);
    daemon->wait();
  }
  void guest(const std::string& name, std::vector<std::string> command) {
    std::vector<std::string> args = {HP_BIN_DIR "/probevm", "exec", "--name", name, "--"};
    args.insert(args.end(), command.begin(), command.end());
    guests.emplace_back(args);
    REQUIRE(wait_for([&] { return list().find("\"" + name + "\"") != std::string::npos; }));
  }
  std::string call(const std::string& method, const std::string& params = "{}") {
    auto client = FleetClient::connect(socket);
    REQUIRE(client);
    auto answer = (*client)->call(method, params, 10s);
    REQUIRE(answer);
    return *answer;
  }
  std::string list() { return call("guest.list"); }
  bool has_programs() { return call("program.list") != "{\"programs\":[]}"; }
};

struct Program {
  Fd object;
  host::Segment segment;

  explicit Program(const char* variant = "GOOD") {
    std::string path = std::string(FLEET_OBJECTS) + "/fleet_" + variant + ".o";
    auto bytes = read_file(path);
    REQUIRE(bytes);
    object = std::move(*make_sealed_memfd("object", *bytes));
    auto parsed = Object::read(object.get());
    REQUIRE(parsed);
    host::SegmentOptions o;
    o.bufsize = o.aggsize = 64 << 10;
    o.ncpus = 1;
    auto s = host::Segment::create(*parsed, o);
    REQUIRE(s);
    segment = std::move(*s);
    REQUIRE(segment.add_probe(HP_PROBE_SYSCALL, "syscall", "vmlinux", "read", "entry"));
  }
  std::string ident() const {
    ProgramIdent ident;
    std::memcpy(ident.data(), segment.header()->ident, ident.size());
    return to_hex(ident);
  }
  hp_seg_guest guest(uint32_t vmid) const { return segment.view().guests()[vmid]; }
  /* Some monitor saw its mask, fetched the program and left the object's first byte. */
  bool fetched() const {
    char c = 0;
    off_t last = ::lseek(segment.fd(), 0, SEEK_END) - 1;
    return ::pread(segment.fd(), &c, 1, last) == 1 && c == 0x7f;
  }
};

inline std::unique_ptr<FleetClient> submit(Fleet& f, Program& p, FleetEvent::Kind expected,
                                           FleetEvent* event = nullptr) {
  auto client = FleetClient::connect(f.socket);
  REQUIRE(client);
  REQUIRE((*client)->submit(p.object.get(), p.segment.fd(), {}));
  auto decision = (*client)->wait_decision(20s);
  REQUIRE(decision);
  INFO(decision->reason);
  CHECK(decision->kind == expected);
  if (event) *event = *decision;
  return std::move(*client);
}

/* The next event of this kind. */
inline FleetEvent await_event(FleetClient& c, FleetEvent::Kind kind) {
  FleetEvent found{kind, {}, "never came"};
  bool came = wait_for([&] {
    for (FleetEvent& e : c.dispatch())
      if (e.kind == kind) {
        found = e;
        return true;
      }
    return false;
  });
  CHECK(came);
  return found;
}

/* Sends raw bytes and returns the first line of the answer; empty if the connection was closed. */
inline std::string raw(const std::string& socket, const std::string& bytes) {
  sockaddr_un a{};
  a.sun_family = AF_UNIX;
  std::strcpy(a.sun_path, socket.c_str());
  Fd s(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(::connect(s.get(), reinterpret_cast<sockaddr*>(&a), sizeof a) == 0);
  for (size_t at = 0; at < bytes.size();) {
    ssize_t n = ::send(s.get(), bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
    if (n <= 0) break;
    at += static_cast<size_t>(n);
  }
  std::string line;
  for (char c; ::read(s.get(), &c, 1) == 1 && c != '\n';) line += c;
  return line;
}

/* A consumer that says and hears every message itself. */
struct Consumer {
  std::unique_ptr<FleetChannel> channel;
  std::vector<FleetChannel::Incoming> heard; /* notifications */
  uint64_t next_id = 1;

  explicit Consumer(const std::string& socket) {
    auto connected = FleetChannel::connect(socket, FleetChannel::kMaxAnswer);
    REQUIRE(connected);
    channel = std::move(*connected);
  }
  /* Its answer or failure. */
  FleetChannel::Incoming ask(const std::string& method, const std::string& params,
                             const std::vector<int>& fds = {}) {
    std::vector<FleetChannel::SharedFd> shared;
    for (int fd : fds) shared.push_back(std::make_shared<Fd>(::fcntl(fd, F_DUPFD_CLOEXEC, 0)));
    const std::string id = std::to_string(next_id++);
    REQUIRE(channel->send(rpc::request(id, method, params), std::move(shared)));
    std::optional<FleetChannel::Incoming> answer;
    CHECK(wait_for([&] {
      for (FleetChannel::Incoming& in : receive())
        if (in.message.id == id && !in.message.id.empty())
          answer = std::move(in);
        else
          heard.push_back(std::move(in));
      return answer.has_value();
    }));
    REQUIRE(answer);
    return std::move(*answer);
  }
  /* A notification of this method has come. */
  bool hears(const std::string& method) {
    return wait_for([&] {
      for (FleetChannel::Incoming& in : receive()) heard.push_back(std::move(in));
      return std::any_of(heard.begin(), heard.end(),
                         [&](auto& in) { return in.message.method == method; });
    });
  }
  FleetChannel::Incoming submit(const Program& p, bool detach = false) {
    return ask("program.submit", rpc::Object().number("fds", 2).flag("detach", detach).json(),
               {p.object.get(), p.segment.fd()});
  }

 private:
  std::vector<FleetChannel::Incoming> receive() {
    std::vector<FleetChannel::Incoming> all;
    REQUIRE(channel->receive());
    for (;;) {
      auto in = channel->next();
      REQUIRE(in);
      if (!*in) return all;
      all.push_back(std::move(**in));
    }
  }
};

}  // namespace hp::fleet_test
