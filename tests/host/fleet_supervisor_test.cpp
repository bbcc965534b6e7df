/* The supervisor starts, steers and ends a tree of processes; nothing of it survives the owner. */
#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include <chrono>
#include <cstring>
#include <fstream>
#include <functional>

#include "guest/supervisor.hpp"

using namespace hp;
using namespace hp::guest;

static_assert(offsetof(hp_ctl, any) == 248, "tests/programs/fleet_harness.py reads it there");

namespace {

const uint8_t kIdent[16] = {1, 2, 3};

GuestOptions command(std::vector<std::string> argv) {
  GuestOptions o;
  o.argv = std::move(argv);
  o.name = "web1";
  o.monitor = FLEET_MONITOR;
  return o;
}

/* Polls and dispatches until the condition holds; false after 20 s. */
bool run_until(Supervisor& s, const std::function<bool()>& condition) {
  auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    auto fds = s.poll_fds();
    ::poll(fds.data(), fds.size(), 5);
    s.dispatch();
  }
  return true;
}

int status_of(Supervisor& s) {
  REQUIRE(run_until(s, [&] { return s.exit_status().has_value(); }));
  return *s.exit_status();
}

std::string read_text(int fd) {
  std::string text;
  char buf[512];
  for (ssize_t n; (n = ::read(fd, buf, sizeof buf)) > 0;) text.append(buf, static_cast<size_t>(n));
  return text;
}

/* Waits for a process that is not our child to be gone (or a zombie of somebody's). */
bool gone(pid_t pid) {
  for (int i = 0; i < 2000; i++) {
    if (::kill(pid, 0) != 0 && errno == ESRCH) return true;
    ::usleep(5000);
  }
  return false;
}

struct Pipe {
  Fd r, w;
  Pipe() {
    int fds[2];
    REQUIRE(::pipe2(fds, O_CLOEXEC) == 0);
    r.reset(fds[0]);
    w.reset(fds[1]);
  }
};

Fd memfd_with(char c) {
  Fd fd = std::move(*make_memfd("test", 4096));
  REQUIRE(::pwrite(fd.get(), &c, 1, 0) == 1);
  return fd;
}

}  // namespace

TEST_CASE("the guest's exit status is the program's") {
  auto s = Supervisor::start(command({"sh", "-c", "exit 7"}));
  REQUIRE(s);
  int status = status_of(**s);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 7);
  CHECK(run_until(**s, [&] { return (*s)->finished(); }));
}

TEST_CASE("death by signal is reported as such, and a signal reaches the first process") {
  auto s = Supervisor::start(command({"sleep", "1000"}));
  REQUIRE(s);
  (*s)->signal(SIGUSR1);
  int status = status_of(**s);
  CHECK(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGUSR1);
}

TEST_CASE("a monitor that cannot be run is an error that names it") {
  GuestOptions o = command({"true"});
  o.monitor = "/nonexistent/hyprobe-guest";
  auto s = Supervisor::start(o);
  REQUIRE_FALSE(s);
  CHECK(s.error().message.find("/nonexistent/hyprobe-guest") != std::string::npos);
  CHECK(s.error().code == ENOENT);
}

TEST_CASE("a name that does not fit is refused") {
  GuestOptions o = command({"true"});
  o.name = std::string(HP_NAME_MAX, 'x');
  auto s = Supervisor::start(o);
  REQUIRE_FALSE(s);
  CHECK(s.error().message.find("longer than 63 bytes") != std::string::npos);
}

TEST_CASE("a paused guest runs nothing before resume") {
  Pipe out;
  int saved = ::dup(1);
  ::dup2(out.w.get(), 1);
  GuestOptions o = command({"echo", "ran"});
  o.paused = true;
  auto s = Supervisor::start(o);
  ::dup2(saved, 1);
  ::close(saved);
  REQUIRE(s);
  out.w.reset();
  pollfd p{out.r.get(), POLLIN, 0};
  CHECK(::poll(&p, 1, 100) == 0);
  (*s)->resume();
  CHECK(read_text(out.r.get()) == "ran\n");
  CHECK(status_of(**s) == 0);
}

TEST_CASE("monitors fetch programs, and a slot that is used again has another generation") {
  auto s = Supervisor::start(command({"@fetch", "3"}));
  REQUIRE(s);
  for (char c : {'a', 'b', 'c'}) {
    Fd object = memfd_with(c), segment = memfd_with(0);
    auto slot = (*s)->prepare(object.get(), segment.get(), kIdent);
    REQUIRE(slot);
    CHECK((*s)->control().program[*slot].state == HP_PROG_PREPARED);
    CHECK((*s)->control().any == 0);
    SyscallMask mask;
    mask.set(0, false);
    mask.set(60, true);
    CHECK(mask.count() == 2);
    (*s)->commit(*slot, mask);
    CHECK((*s)->control().mask[0][0] == 1ull << *slot);
    CHECK((*s)->control().mask[60][1] == 1ull << *slot);
    CHECK((*s)->control().mask[60][0] == 0);
    char seen = 0;
    CHECK(run_until(**s, [&] { return ::pread(segment.get(), &seen, 1, 4095) == 1 && seen == c; }));
    (*s)->disable(*slot);
    CHECK((*s)->control().any == 0);
    CHECK((*s)->control().mask[0][0] == 0);
    CHECK((*s)->control().mask[60][1] == 0);
  }
  CHECK(status_of(**s) == 0);
}

TEST_CASE("a request for a slot that holds no program is answered with an error") {
  for (const char* slot : {"0", "63", "64", "-1"}) {
    auto s = Supervisor::start(command({"@ask", slot}));
    REQUIRE(s);
    CHECK(WEXITSTATUS(status_of(**s)) == ENOENT);
  }
}

TEST_CASE("the sixty-fifth program is refused, and freed slots serve again") {
  auto s = Supervisor::start(command({"sleep", "1000"}));
  REQUIRE(s);
  Fd object = memfd_with('x'), segment = memfd_with(0);
  for (uint32_t i = 0; i < HP_CTL_PROGRAMS; i++)
    REQUIRE((*s)->prepare(object.get(), segment.get(), kIdent));
  CHECK_FALSE((*s)->prepare(object.get(), segment.get(), kIdent));
  (*s)->disable(17);
  auto again = (*s)->prepare(object.get(), segment.get(), kIdent);
  REQUIRE(again);
  CHECK(*again == 17);
}

TEST_CASE("destroying the supervisor ends every process, daemons in other sessions included") {
  Pipe out;
  int saved = ::dup(1);
  ::dup2(out.w.get(), 1);
  auto s = Supervisor::start(command(
      {"sh", "-c", "setsid sh -c 'sleep 1000 & echo $!; exec sleep 1000' & echo $!; exit 3"}));
  ::dup2(saved, 1);
  ::close(saved);
  out.w.reset();
  REQUIRE(s);
  pid_t a = 0, b = 0;
  std::string text;
  while (std::count(text.begin(), text.end(), '\n') < 2) {
    char c;
    REQUIRE(::read(out.r.get(), &c, 1) == 1);
    text += c;
  }
  REQUIRE(std::sscanf(text.c_str(), "%d\n%d\n", &a, &b) == 2);
  CHECK(WEXITSTATUS(status_of(**s)) == 3);
  CHECK_FALSE((*s)->finished());
  CHECK(::kill(a, 0) == 0);
  CHECK(::kill(b, 0) == 0);
  s->reset();
  CHECK(gone(a));
  CHECK(gone(b));
}

TEST_CASE("nothing of the guest survives an owner that is killed with SIGKILL") {
  Pipe out;
  pid_t owner = ::fork();
  if (owner == 0) {
    ::dup2(out.w.get(), 1);
    auto s = Supervisor::start(command({"sh", "-c", "setsid sleep 1000 & echo $! $$; wait"}));
    for (;;) ::pause();
  }
  out.w.reset();
  pid_t daemon = 0, shell = 0;
  std::string text;
  for (char c = 0; c != '\n' && ::read(out.r.get(), &c, 1) == 1;) text += c;
  REQUIRE(std::sscanf(text.c_str(), "%d %d", &daemon, &shell) == 2);
  CHECK(::kill(daemon, 0) == 0);
  ::kill(owner, SIGKILL);
  ::waitpid(owner, nullptr, 0);
  CHECK(gone(shell));
  CHECK(gone(daemon));
}

TEST_CASE("the guest gets the mask and the dispositions it should have") {
  ::signal(SIGPIPE, SIG_IGN);
  GuestOptions o = command({"grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"});
  o.default_signals = {SIGPIPE};
  Pipe out;
  int saved = ::dup(1);
  ::dup2(out.w.get(), 1);
  auto s = Supervisor::start(o);
  ::dup2(saved, 1);
  ::close(saved);
  out.w.reset();
  ::signal(SIGPIPE, SIG_DFL);
  REQUIRE(s);
  CHECK(read_text(out.r.get()) == "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}
