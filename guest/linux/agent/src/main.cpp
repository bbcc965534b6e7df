/* hyprobe-agent: the part of Hyprobe that runs in a Linux guest; `probed agent` there.
 *
 * Opens /dev/hyprobe, which the kernel module makes, and answers the VMM (transport/trace.h). While there is no
 * such device it waits for one; when the trace device goes it starts over. It needs root, and nothing else: no
 * library, no file of its own. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <syslog.h>

#include <charconv>
#include <cstdio>
#include <cstring>
#include <vector>

#include "agent/conversation.hpp"

using namespace hp;
using namespace hp::agent;

namespace {

constexpr int kRetryMs = 1000; /* a module without its device gives no sign */
constexpr const char* kUsage =
    "usage: hyprobe-agent [agent] [--foreground] [--no-wait] [--device PATH] [--protocol N]\n"
    "The part of Hyprobe inside a Linux guest: attaches what the VMM asks for.\n"
    "  --foreground   stay in the foreground and log to standard error\n"
    "  --no-wait      fail if the kernel module hyprobe is not loaded, instead of waiting for it\n"
    "  --device PATH  the module's device; default /dev/hyprobe\n"
    "  --protocol N   speak this version alone with the VMM, 1 to 255; for tests of other "
    "releases' VMMs\n";

struct Options {
  bool foreground = false, wait = true;
  std::string device = "/dev/hyprobe";
  trace::Versions versions = trace::kVersions;
};

bool to_stderr = true;
volatile sig_atomic_t ended = 0;

void log_line(const std::string& line) {
  if (to_stderr)
    std::fprintf(stderr, "hyprobe-agent: %s\n", line.c_str());
  else
    ::syslog(LOG_INFO, "%s", line.c_str());
}

std::string absent(const Options& o) {
  return o.device + " is not there: the kernel module hyprobe is not loaded (modprobe hyprobe)";
}

/* Until the descriptor can be read, for ms milliseconds at most (-1: any), or a signal asks for the end: those are
 * blocked elsewhere, so none is missed. False: it cannot be read yet. */
Result<bool> wait_for(int fd, int ms) {
  sigset_t none;
  ::sigemptyset(&none);
  pollfd p{fd, POLLIN, 0};
  const timespec limit{ms / 1000, ms % 1000 * 1'000'000L};
  const int n = ::ppoll(&p, 1, ms < 0 ? nullptr : &limit, &none);
  if (n < 0 && errno != EINTR) return fail_errno("cannot wait for the VMM");
  return n > 0;
}

/* An empty Fd: told to end. */
Result<Fd> open_device(const Options& o) {
  Fd watch(::inotify_init1(IN_CLOEXEC));
  const std::string directory = o.device.substr(0, o.device.rfind('/') + 1);
  if (!watch ||
      ::inotify_add_watch(watch.get(), directory.c_str(), IN_CREATE | IN_ATTRIB | IN_MOVED_TO) < 0)
    return fail_errno("cannot watch " + directory);
  for (bool told = false; !ended;) {
    Fd device(::open(o.device.c_str(), O_RDWR | O_CLOEXEC));
    if (device) return device;
    if (errno == EBUSY) return fail("another agent has " + o.device, EBUSY);
    if (errno != ENOENT && errno != ENXIO && errno != ENODEV) return fail_errno(o.device);
    if (!o.wait) return fail(absent(o), ENOENT);
    if (!std::exchange(told, true)) log_line(absent(o) + "; waiting for it");
    alignas(inotify_event) char events[4096];
    if (HP_TRY(wait_for(watch.get(), -1)) && ::read(watch.get(), events, sizeof events) < 0)
      return fail_errno("cannot watch " + directory);
  }
  return Fd();
}

/* One life of the device. */
Result<> serve(DeviceModule& module, const Options& o) {
  Conversation talk(module, log_line, {}, o.versions);
  HP_TRYV(talk.begin());
  std::vector<uint8_t> buffer(HP_MSG_MAX);
  while (!ended) {
    if (HP_TRY(wait_for(module.fd(), talk.busy() ? 0 : -1))) {
      const auto message = HP_TRY(module.receive(buffer));
      if (!message.empty()) HP_TRYV(talk.received(message));
    }
    HP_TRYV(talk.work());
  }
  return talk.tell("the agent ends");
}

int run(const Options& o) {
  while (!ended) {
    auto device = open_device(o);
    if (!device) {
      log_line(device.error().message);
      return 1;
    }
    if (!*device) break;
    DeviceModule module(std::move(*device));
    if (auto served = serve(module, o); !served) {
      log_line(served.error().message + "; starting over");
      (void)wait_for(-1, kRetryMs);
    }
  }
  log_line("ends");
  return 0;
}

bool one_version(std::string_view text, trace::Versions& versions) {
  uint8_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  versions = {n, n};
  return error == std::errc() && end == text.data() + text.size() && n != 0;
}

bool parse(int argc, char** argv, Options& o) {
  for (int i = 1; i < argc; i++) {
    const std::string_view a = argv[i];
    if (i == 1 && (a == "agent" || a == "minion")) continue;
    if (a == "--foreground")
      o.foreground = true;
    else if (a == "--no-wait")
      o.wait = false;
    else if (a == "--device" && i + 1 < argc && argv[i + 1][0] == '/')
      o.device = argv[++i];
    else if (a == "--protocol" && i + 1 < argc && one_version(argv[i + 1], o.versions))
      i++;
    else
      return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  Options o;
  if (argc > 1 && !std::strcmp(argv[argc - 1], "--help")) {
    std::fputs(kUsage, stdout);
    return 0;
  }
  if (!parse(argc, argv, o)) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  struct sigaction end{};
  end.sa_handler = [](int) { ended = 1; };
  sigset_t ends;
  ::sigemptyset(&ends);
  for (int signo : {SIGTERM, SIGINT}) {
    ::sigaction(signo, &end, nullptr);
    ::sigaddset(&ends, signo);
  }
  ::sigprocmask(SIG_BLOCK, &ends, nullptr); /* they come where it waits */
  if (!o.foreground) {
    if (::daemon(0, 0) != 0) {
      log_line("cannot go to the background");
      return 1;
    }
    to_stderr = false;
    ::openlog("hyprobe-agent", LOG_PID, LOG_DAEMON);
  }
  return run(o);
}
