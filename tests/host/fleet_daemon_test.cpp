/* The daemon end to end with real processes: probed, probevm and consumers. The guests' monitor is
 * fleet_monitor, which needs no /dev/kvm and ends once a program was enabled, fetched and disabled. */
#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <functional>
#include <optional>

#include "host/fleet_client.hpp"
#include "host/segment.hpp"
#include "transport/control.h"
#include "transport/rpc.hpp"

using namespace hp;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

bool wait_for(const std::function<bool()>& condition) {
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

  explicit Process(std::vector<std::string> args) {
    int fds[2];
    REQUIRE(::pipe2(fds, O_CLOEXEC) == 0);
    std::vector<char*> argv;
    for (std::string& a : args) argv.push_back(a.data());
    argv.push_back(nullptr);
    pid = ::fork();
    if (pid == 0) {
      ::dup2(fds[1], 2);
      ::dup2(fds[1], 1);
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
  std::string socket;
  std::optional<Process> daemon;
  std::vector<Process> guests;

  Fleet() {
    char name[] = "/tmp/hp-fleet-XXXXXX";
    REQUIRE(::mkdtemp(name));
    dir = name;
    socket = dir / "run/control.sock";
    ::setenv("HYPROBE_GUEST", FLEET_MONITOR, 1);
    ::setenv("HYPROBE_SOCKET", socket.c_str(), 1);
    start();
  }
  ~Fleet() {
    guests.clear();
    daemon.reset();
    fs::remove_all(dir);
  }
  void start() {
    daemon.emplace(std::vector<std::string>{HP_BIN_DIR "/probed", "coordinator", "--foreground"});
    REQUIRE(wait_for([&] { return FleetClient::connect(socket).has_value(); }));
  }
  void guest(const std::string& name, std::vector<std::string> command) {
    std::vector<std::string> args = {HP_BIN_DIR "/probevm", "exec", "--name", name, "--"};
    args.insert(args.end(), command.begin(), command.end());
    guests.emplace_back(args);
    REQUIRE(wait_for([&] { return list().find("\"" + name + "\"") != std::string::npos; }));
  }
  std::string call(const std::string& method) {
    auto client = FleetClient::connect(socket);
    REQUIRE(client);
    auto answer = (*client)->call(method, "{}", 10s);
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
  hp_seg_guest guest(uint32_t vmid) const { return segment.view().guests()[vmid]; }
  /* Some monitor saw its mask, fetched the program and left the object's first byte. */
  bool fetched() const {
    char c = 0;
    off_t last = ::lseek(segment.fd(), 0, SEEK_END) - 1;
    return ::pread(segment.fd(), &c, 1, last) == 1 && c == 0x7f;
  }
};

std::unique_ptr<FleetClient> submit(Fleet& f, Program& p, FleetEvent::Kind expected,
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
FleetEvent await_event(FleetClient& c, FleetEvent::Kind kind) {
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
std::string raw(const std::string& socket, const std::string& bytes) {
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

}  // namespace

TEST_CASE("a program is enabled in all matching guests and disabled again") {
  Fleet f;
  for (const char* name : {"web1", "web2", "web3"}) f.guest(name, {"sleep", "1000"});
  f.guest("db1", {"sleep", "1000"});
  Program p;
  FleetEvent committed;
  auto client = submit(f, p, FleetEvent::Committed, &committed);
  REQUIRE(committed.guests.size() == 3);
  for (auto& g : committed.guests) {
    CHECK(g.name.substr(0, 3) == "web");
    CHECK(g.probes == 1);
    CHECK(p.guest(g.vmid).state == 1);
    CHECK(std::string(p.guest(g.vmid).name) == g.name);
  }
  CHECK(f.call("program.list").find("\"state\":\"committed\"") != std::string::npos);
  CHECK(f.list().find("\"programs\":1") != std::string::npos);
  client->kill(10s);
  CHECK_FALSE(f.has_programs());
  CHECK(f.list().find("\"programs\":1") == std::string::npos);
}

TEST_CASE("guests that come later join, and those that die are told of") {
  Fleet f;
  Program p;
  auto client = submit(f, p, FleetEvent::Committed);
  f.guest("web7", {"@fetch", "1"});
  FleetEvent joined = await_event(*client, FleetEvent::Joined);
  REQUIRE(joined.guests.size() == 1);
  CHECK(joined.guests[0].name == "web7");
  f.guest("db1", {"sleep", "1000"});
  const uint32_t vmid = joined.guests[0].vmid;
  CHECK(p.guest(vmid).state == 1);
  ::kill(f.guests[0].pid, SIGKILL);
  FleetEvent gone = await_event(*client, FleetEvent::Gone);
  CHECK(gone.guests.at(0).name == "web7");
  CHECK(wait_for([&] { return p.guest(vmid).state == 2; }));
  CHECK(std::string(p.guest(vmid).name) == "web7"); /* its data still has a name */
}

TEST_CASE("a consumer that is killed takes its program with it") {
  Fleet f;
  f.guest("web1", {"@fetch", "1"});
  int ready[2];
  REQUIRE(::pipe2(ready, O_CLOEXEC) == 0);
  pid_t consumer = ::fork();
  if (consumer == 0) {
    Program p;
    auto client = submit(f, p, FleetEvent::Committed);
    wait_for([&] { return p.fetched(); });
    ssize_t n = ::write(ready[1], "x", 1);
    (void)n;
    for (;;) ::pause();
  }
  ::close(ready[1]);
  char c;
  REQUIRE(::read(ready[0], &c, 1) == 1);
  ::close(ready[0]);
  CHECK(f.has_programs());
  ::kill(consumer, SIGKILL);
  ::waitpid(consumer, nullptr, 0);
  CHECK(wait_for([&] { return !f.has_programs(); }));
  CHECK(f.guests[0].wait() == 0);
}

TEST_CASE("a program that a guest cannot link is enabled nowhere, and the reason is told") {
  Fleet f;
  f.guest("web1", {"sleep", "1000"});
  f.guest("web2", {"sleep", "1000"});
  Program p("BAD");
  FleetEvent e;
  auto client = submit(f, p, FleetEvent::Aborted, &e);
  REQUIRE(e.guests.size() >= 1);
  CHECK(e.guests[0].reason.find("not_a_primitive") != std::string::npos);
  CHECK_FALSE(f.has_programs());
  CHECK(f.list().find("\"programs\":1") == std::string::npos);
}

TEST_CASE("a coordinator that is killed: consumers learn it, guests come back to the next one") {
  Fleet f;
  f.guest("web1", {"@fetch", "1"});
  f.guest("web2", {"sleep", "1000"});
  std::optional<Program> p;
  p.emplace();
  auto client = submit(f, *p, FleetEvent::Committed);
  CHECK(wait_for([&] { return p->fetched(); }));
  ::kill(f.daemon->pid, SIGKILL);
  f.daemon->wait();
  FleetEvent lost = await_event(*client, FleetEvent::Away);
  CHECK(lost.reason.find(f.socket) != std::string::npos);
  CHECK(client->fd() == -1);
  f.start(); /* over the dead one's socket and lock */
  CHECK(wait_for([&] { return f.list().find("\"web2\"") != std::string::npos; }));
  CHECK(f.guests[0].wait() == 0); /* told to drop what the new coordinator does not know */
}

TEST_CASE("while there is no coordinator, a program ends with its consumer") {
  Fleet f;
  f.guest("web1", {"@fetch", "1"});
  std::optional<Program> p;
  p.emplace();
  auto client = submit(f, *p, FleetEvent::Committed);
  CHECK(wait_for([&] { return p->fetched(); }));
  ::kill(f.daemon->pid, SIGKILL);
  f.daemon->wait();
  await_event(*client, FleetEvent::Away);
  p.reset(); /* the segment says DEAD */
  CHECK(f.guests[0].wait() == 0);
}

TEST_CASE("the daemon ends cleanly: programs killed, socket and lock removed") {
  Fleet f;
  f.guest("web1", {"@fetch", "1"});
  Program p;
  auto client = submit(f, p, FleetEvent::Committed);
  CHECK(wait_for([&] { return p.fetched(); }));
  ::kill(f.daemon->pid, SIGTERM);
  FleetEvent ended = await_event(*client, FleetEvent::Ended);
  CHECK(ended.reason.find("shuts down") != std::string::npos);
  CHECK(f.daemon->wait() == 0);
  CHECK(fs::is_empty(f.dir / "run"));
  CHECK(f.guests[0].wait() == 0);
}

TEST_CASE("one coordinator a socket, unique names, and probectl kill") {
  Fleet f;
  Process second({HP_BIN_DIR "/probed", "coordinator", "--foreground"});
  CHECK(WEXITSTATUS(second.wait()) == 1);
  CHECK(second.output().find("runs already") != std::string::npos);

  f.guest("web1", {"@fetch", "1"});
  Process twin({HP_BIN_DIR "/probevm", "exec", "--name", "web1", "--", "true"});
  CHECK(WEXITSTATUS(twin.wait()) == 125);
  CHECK(twin.output().find("registered already") != std::string::npos);

  Program p;
  auto client = submit(f, p, FleetEvent::Committed);
  CHECK(wait_for([&] { return p.fetched(); }));
  ProgramIdent ident;
  std::memcpy(ident.data(), p.segment.header()->ident, ident.size());
  Process nobody({HP_BIN_DIR "/probectl", "kill", "00000000000000"});
  CHECK(WEXITSTATUS(nobody.wait()) == 1);
  Process kill({HP_BIN_DIR "/probectl", "kill", to_hex(ident).substr(0, 8)});
  CHECK(kill.wait() == 0);
  FleetEvent ended = await_event(*client, FleetEvent::Ended);
  CHECK(ended.reason.find("killed by pid " + std::to_string(kill.pid)) != std::string::npos);
  CHECK(f.guests[0].wait() == 0);
}

TEST_CASE("what peers send is not trusted") {
  Fleet f;
  CHECK(raw(f.socket, "nonsense\n").find("-32700") != std::string::npos);
  CHECK(raw(f.socket, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"no.such\"}\n").find("-32601") !=
        std::string::npos);
  auto call = [&](const std::string& method, const std::string& params) {
    return raw(f.socket, rpc::request("1", method, params) + "\n");
  };
  CHECK(call("guest.register", "{}").find("\\\"name\\\" must be") != std::string::npos);
  CHECK(call("guest.register", "{\"name\":\"a b\",\"hostname\":\"h\"}").find("printable ASCII") !=
        std::string::npos);
  CHECK(call("guest.register", "{\"name\":\"a\",\"hostname\":\"h\",\"vmid\":4096}")
            .find("\\\"vmid\\\" must be") != std::string::npos);
  CHECK(call("program.submit", "{}").find("two descriptors") != std::string::npos);
  CHECK(call("program.submit", "{\"fds\":2}").empty()); /* announced and not sent: closed */
  CHECK(call("program.kill", "{\"ident\":\"\"}").find("at least 4") != std::string::npos);
  CHECK(raw(f.socket, std::string(100 << 10, 'x')).empty());
  CHECK(raw(f.socket, std::string(60 << 10, '[') + "\n").find("-32700") != std::string::npos);

  /* Descriptors that are not what they should be. */
  auto client = FleetClient::connect(f.socket);
  REQUIRE(client);
  Program good;
  Fd garbage = std::move(*make_memfd("garbage", 8192));
  SUBCASE("object") {
    REQUIRE((*client)->submit(garbage.get(), good.segment.fd(), {}));
  }
  SUBCASE("segment that can be truncated") {
    hp_seg_header h = *good.segment.header();
    REQUIRE(::pwrite(garbage.get(), &h, sizeof h, 0) == sizeof h);
    REQUIRE((*client)->submit(good.object.get(), garbage.get(), {}));
  }
  SUBCASE("segment whose guest table lies outside") {
    hp_seg_header h = *good.segment.header();
    h.guests_off = 4096;
    REQUIRE(::pwrite(garbage.get(), &h, sizeof h, 0) == sizeof h);
    REQUIRE(::fcntl(garbage.get(), F_ADD_SEALS, F_SEAL_SHRINK) == 0);
    REQUIRE((*client)->submit(good.object.get(), garbage.get(), {}));
  }
  auto e = (*client)->wait_decision(20s);
  REQUIRE(e);
  CHECK(e->kind == FleetEvent::Aborted);
  CHECK_FALSE(e->reason.empty());
  CHECK_FALSE(f.has_programs());
}

TEST_CASE("a user traces its own guests only, and trusts no other user's coordinator") {
  if (::geteuid() != 0) {
    MESSAGE("SKIPPED: needs root to be two users");
    return;
  }
  Fleet f;
  f.guest("web1", {"sleep", "1000"});
  REQUIRE(::chmod(f.dir.c_str(), 0755) == 0);
  REQUIRE(::chmod(f.socket.c_str(), 0666) == 0);
  Program p;
  int report[2];
  REQUIRE(::pipe2(report, O_CLOEXEC) == 0);
  pid_t user = ::fork();
  if (user == 0) {
    char result = 'f';
    if (::setgid(65534) == 0 && ::setuid(65534) == 0) {
      auto client = FleetClient::connect(f.socket);
      if (client && (*client)->submit(p.object.get(), p.segment.fd(), {})) {
        auto e = (*client)->wait_decision(20s);
        if (e && e->kind == FleetEvent::Committed) result = e->guests.empty() ? '0' : '+';
      }
    }
    ssize_t n = ::write(report[1], &result, 1);
    ::_exit(n == 1 ? 0 : 1);
  }
  ::close(report[1]);
  char result = 0;
  CHECK(::read(report[0], &result, 1) == 1);
  ::close(report[0]);
  ::waitpid(user, nullptr, 0);
  CHECK(result ==
        'f'); /* by default only root, the group hyprobe and the coordinator's own user may */

  fs::path theirs = f.dir / "theirs";
  fs::create_directory(theirs);
  REQUIRE(::chown(theirs.c_str(), 65534, 65534) == 0);
  fs::copy_file(HP_BIN_DIR "/probed", theirs / "probed"); /* that user may not reach the build */
  Process other({"/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                 theirs / "probed", "coordinator", "--foreground", "--socket", theirs / "s"});
  CHECK(wait_for([&] { return fs::exists(theirs / "s"); }));
  auto client = FleetClient::connect(theirs / "s");
  CHECK(wait_for([&] { /* between bind and listen a connection is refused */
                       client = FleetClient::connect(theirs / "s");
                       return client || client.error().code != ECONNREFUSED;
  }));
  REQUIRE_FALSE(client);
  CHECK(client.error().message.find("another user (uid 65534)") != std::string::npos);
}

TEST_CASE("no coordinator: the message says how to start one") {
  auto client = FleetClient::connect("/tmp/hp-no-such-dir/control.sock");
  REQUIRE_FALSE(client);
  CHECK(client.error().message.find("probed coordinator --socket /tmp/hp-no-such-dir") !=
        std::string::npos);
}
