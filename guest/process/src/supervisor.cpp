#include "guest/supervisor.hpp"

#include <fcntl.h>
#include <linux/futex.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include <bit>
#include <climits>
#include <cstdlib>
#include <cstring>

#include "guest/supervisor_keeper.hpp"

namespace hp::guest {
namespace {

constexpr int kRequestsPerDispatch = 64;
constexpr int kTeardownSeconds = 10;

template <class T>
void store(T& where, T value) {
  __atomic_store_n(&where, value, __ATOMIC_RELEASE);
}

Result<> copy_name(char (&to)[HP_NAME_MAX], const std::string& from, const char* what) {
  if (from.size() >= HP_NAME_MAX)
    return fail(std::string(what) + " '" + from + "' is longer than " +
                std::to_string(HP_NAME_MAX - 1) + " bytes");
  std::memcpy(to, from.c_str(), from.size() + 1);
  return {};
}

std::string basename_of(const std::string& path) {
  size_t slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

struct SocketPair {
  Fd ours, theirs;
};
Result<SocketPair> make_seqpacket_pair() {
  int fds[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0)
    return fail_errno("cannot create a socket pair");
  return SocketPair{Fd(fds[0]), Fd(fds[1])};
}

}  // namespace

uint32_t SyscallMask::count() const {
  int n = 0;
  for (uint64_t w : entry) n += std::popcount(w);
  for (uint64_t w : ret) n += std::popcount(w);
  return static_cast<uint32_t>(n);
}

std::string host_hostname() {
  utsname u{};
  ::uname(&u);
  return std::string(u.nodename).substr(0, HP_NAME_MAX - 1);
}

std::string host_osversion() {
  utsname u{};
  ::uname(&u);
  return (std::string(u.sysname) + "-" + u.release).substr(0, HP_NAME_MAX - 1);
}

Result<std::string> find_monitor() {
  if (const char* env = std::getenv("HYPROBE_GUEST"); env && *env) {
    if (::access(env, X_OK) == 0) return std::string(env);
    return fail_errno(std::string("HYPROBE_GUEST names ") + env + ", which cannot be run");
  }
  char self[PATH_MAX];
  ssize_t n = ::readlink("/proc/self/exe", self, sizeof self - 1);
  if (n <= 0) return fail_errno("cannot read /proc/self/exe");
  std::string dir(self, static_cast<size_t>(n));
  dir.resize(dir.rfind('/') + 1);
  for (const char* place : {"hyprobe-guest", "../libexec/hyprobe/hyprobe-guest"})
    if (::access((dir + place).c_str(), X_OK) == 0) return dir + place;
  return fail("cannot find hyprobe-guest beside " + std::string(self) +
              " or in ../libexec/hyprobe; set HYPROBE_GUEST to its path");
}

Result<std::unique_ptr<Supervisor>> Supervisor::start(const GuestOptions& options) {
  if (options.argv.empty()) return fail("no command given");
  std::string monitor = options.monitor.empty() ? HP_TRY(find_monitor()) : options.monitor;

  std::unique_ptr<Supervisor> s(new Supervisor);
  s->ctl_fd_ = HP_TRY(make_memfd("hyprobe-control", sizeof(hp_ctl)));
  s->ctl_map_ = HP_TRY(Mapping::shared(s->ctl_fd_.get(), sizeof(hp_ctl)));
  s->ctl_ = s->ctl_map_.as<hp_ctl>();
  hp_ctl& c = *s->ctl_;
  c.magic = HP_CTL_MAGIC;
  c.version = HP_CTL_VERSION;
  c.vmid = options.vmid;
  c.gate = options.gate;
  struct stat pid_namespace;
  if (::stat("/proc/self/ns/pid", &pid_namespace) == 0) c.pid_namespace = pid_namespace.st_ino;
  c.paused = options.paused ? 1 : 0;
  c.profile_epoch = 1;
  c.late_programs = options.late_programs ? 1 : 0;
  HP_TRYV(copy_name(c.name, options.name.empty() ? basename_of(options.argv[0]) : options.name,
                    "guest name"));
  HP_TRYV(copy_name(c.hostname, options.hostname.empty() ? host_hostname() : options.hostname,
                    "host name"));
  HP_TRYV(copy_name(c.osversion, options.osversion.empty() ? host_osversion() : options.osversion,
                    "OS version"));

  SocketPair requests = HP_TRY(make_seqpacket_pair());
  SocketPair lifeline = HP_TRY(make_seqpacket_pair());

  std::vector<std::string> args = {monitor,
                                   "--control",
                                   std::to_string(s->ctl_fd_.get()),
                                   "--socket",
                                   std::to_string(requests.theirs.get()),
                                   "--"};
  args.insert(args.end(), options.argv.begin(), options.argv.end());
  std::vector<char*> argv;
  for (std::string& a : args) argv.push_back(a.data());
  argv.push_back(nullptr);

  KeeperStart keeper{};
  keeper.monitor = monitor.c_str();
  keeper.argv = argv.data();
  keeper.lifeline = lifeline.theirs.get();
  keeper.keep[0] = s->ctl_fd_.get();
  keeper.keep[1] = requests.theirs.get();
  keeper.owner = ::getpid();
  keeper.default_signals = options.default_signals.data();
  keeper.ndefault_signals = static_cast<int>(options.default_signals.size());

  sigset_t all, old;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &old);
  keeper.signal_mask = options.signal_mask.value_or(old);
  pid_t pid = ::fork();
  if (pid == 0) run_keeper(keeper);
  int err = errno;
  ::pthread_sigmask(SIG_SETMASK, &old, nullptr);
  if (pid < 0) return fail_errno("cannot start a process for the guest", err);
  s->keeper_ = pid;
  s->keeper_pidfd_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  s->requests_ = std::move(requests.ours);
  s->lifeline_ = std::move(lifeline.ours);
  lifeline.theirs.reset();

  KeeperReport r{};
  ssize_t n;
  do n = ::recv(s->lifeline_.get(), &r, sizeof r, 0);
  while (n < 0 && errno == EINTR);
  if (n != static_cast<ssize_t>(sizeof r)) return fail("the guest's keeper process died at start");
  if (r.event == KeeperEvent::ExecFailed) return fail_errno("cannot run " + monitor, r.value);
  s->pid_ = r.pid;
  return s;
}

Supervisor::~Supervisor() {
  lifeline_.reset(); /* asks the keeper to kill what is left */
  if (keeper_ <= 0) return;
  if (keeper_pidfd_) {
    pollfd p{keeper_pidfd_.get(), POLLIN, 0};
    int r;
    do r = ::poll(&p, 1, kTeardownSeconds * 1000);
    while (r < 0 && errno == EINTR);
    if (r == 0) return; /* a process in uninterruptible sleep; the keeper goes on without us */
  }
  while (::waitpid(keeper_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void Supervisor::set_vmid(uint32_t vmid) {
  store(ctl_->vmid, vmid);
}

Result<uint32_t> Supervisor::prepare(int object_fd, int segment_fd, const uint8_t ident[16]) {
  for (uint32_t i = 0; i < HP_CTL_PROGRAMS; i++) {
    uint32_t slot = (next_slot_ + i) % HP_CTL_PROGRAMS;
    Program& p = programs_[slot];
    if (p.used) continue;
    Fd object(::fcntl(object_fd, F_DUPFD_CLOEXEC, 0));
    Fd segment(::fcntl(segment_fd, F_DUPFD_CLOEXEC, 0));
    if (!object || !segment) return fail_errno("cannot duplicate a program's descriptors");
    p.object = std::move(object);
    p.segment = std::move(segment);
    p.used = true;
    hp_ctl_program& c = ctl_->program[slot];
    std::memcpy(c.ident, ident, sizeof c.ident);
    if (++generation_ == 0) generation_ = 1;
    p.generation = generation_;
    store(c.generation, p.generation);
    store(c.state, static_cast<uint32_t>(HP_PROG_PREPARED));
    next_slot_ = slot + 1;
    return slot;
  }
  return fail("the guest runs " + std::to_string(HP_CTL_PROGRAMS) + " programs already");
}

void Supervisor::commit(uint32_t slot, const SyscallMask& mask) {
  HP_CHECK(slot < HP_CTL_PROGRAMS && programs_[slot].used);
  const uint64_t bit = 1ull << slot;
  for (uint32_t nr = 0; nr < HP_CTL_SYSCALLS; nr++) {
    if (mask.test(nr, false)) __atomic_fetch_or(&ctl_->mask[nr][0], bit, __ATOMIC_RELAXED);
    if (mask.test(nr, true)) __atomic_fetch_or(&ctl_->mask[nr][1], bit, __ATOMIC_RELAXED);
  }
  __atomic_fetch_or(&ctl_->any, bit, __ATOMIC_RELEASE);
  store(ctl_->program[slot].state, static_cast<uint32_t>(HP_PROG_COMMITTED));
  if (!mask.profile) return;
  __atomic_fetch_or(&ctl_->profile, bit, __ATOMIC_RELEASE);
  renew_profile();
}

void Supervisor::disable(uint32_t slot) {
  HP_CHECK(slot < HP_CTL_PROGRAMS);
  if (!programs_[slot].used) return;
  const uint64_t bit = 1ull << slot;
  store(ctl_->program[slot].state, static_cast<uint32_t>(HP_PROG_DEAD));
  __atomic_fetch_and(&ctl_->any, ~bit, __ATOMIC_RELEASE);
  if (ctl_->profile & bit) {
    __atomic_fetch_and(&ctl_->profile, ~bit, __ATOMIC_RELEASE);
    renew_profile();
  }
  for (auto& m : ctl_->mask)
    for (uint64_t& w : m) __atomic_fetch_and(&w, ~bit, __ATOMIC_RELAXED);
  /* The slot may be given away at once: a monitor that still holds the old program finds another
   * generation here, and slots are handed out in turn, so it has time to notice DEAD first. */
  programs_[slot] = Program{};
}

/* Threads set their timers anew when they next stop. */
void Supervisor::renew_profile() {
  if (__atomic_add_fetch(&ctl_->profile_epoch, 1, __ATOMIC_RELEASE) == 0)
    __atomic_fetch_add(&ctl_->profile_epoch, 1, __ATOMIC_RELEASE);
}

void Supervisor::resume() {
  store(ctl_->paused, 0u);
  ::syscall(SYS_futex, &ctl_->paused, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

std::array<pollfd, 2> Supervisor::poll_fds() const {
  return {{{requests_.get(), POLLIN, 0}, {lifeline_.get(), POLLIN, 0}}};
}

void Supervisor::dispatch() {
  if (requests_) serve_requests();
  if (lifeline_) read_keeper();
}

void Supervisor::serve_requests() {
  for (int i = 0; i < kRequestsPerDispatch; i++) {
    hp_ctl_request request{};
    Fd fds[4];
    size_t nfds = 0;
    auto got = recv_with_fds(requests_.get(), &request, sizeof request, fds, 4, &nfds,
                             MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (!got) {
      if (got.error().code != EAGAIN && got.error().code != EWOULDBLOCK) requests_.reset();
      return;
    }
    if (*got == 0 && nfds == 0) { /* the last monitor is gone */
      requests_.reset();
      return;
    }
    if (*got == sizeof request && request.op == HP_CTL_PANIC)
      kill();
    else if (*got == sizeof request && nfds >= 1)
      answer(request, fds[0].get());
  }
}

void Supervisor::answer(const hp_ctl_request& request, int reply_socket) {
  hp_ctl_reply reply{};
  int fds[2];
  size_t nfds = 0;
  if (request.op != HP_CTL_GET_PROGRAM) {
    reply.error = EINVAL;
  } else if (request.slot >= HP_CTL_PROGRAMS || !programs_[request.slot].used) {
    reply.error = ENOENT;
  } else {
    const Program& p = programs_[request.slot];
    reply.generation = p.generation; /* the newest; the monitor compares */
    fds[nfds++] = p.object.get();
    fds[nfds++] = p.segment.get();
  }
  /* A monitor that went away meanwhile does not need the answer. */
  (void)send_with_fds(reply_socket, &reply, sizeof reply, fds, nfds, MSG_DONTWAIT);
}

void Supervisor::read_keeper() {
  for (;;) {
    KeeperReport r{};
    ssize_t n = ::recv(lifeline_.get(), &r, sizeof r, MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (n != static_cast<ssize_t>(sizeof r)) { /* the keeper died: so did the first monitor */
      lifeline_.reset();
      if (!status_) status_ = SIGKILL;
      finished_ = true;
      return;
    }
    if (r.event == KeeperEvent::FirstExited) status_ = r.value;
    if (r.event == KeeperEvent::AllGone) {
      finished_ = true;
      lifeline_.reset();
      return;
    }
  }
}

void Supervisor::signal(int signo) {
  KeeperCommand c{KeeperOp::Signal, signo};
  if (lifeline_) ::send(lifeline_.get(), &c, sizeof c, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void Supervisor::kill() {
  KeeperCommand c{KeeperOp::Kill, 0};
  if (lifeline_) ::send(lifeline_.get(), &c, sizeof c, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void exit_as(int status) {
  if (WIFSIGNALED(status)) {
    const int signo = WTERMSIG(status);
    rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    ::signal(signo, SIG_DFL);
    sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, signo);
    ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
    ::raise(signo);
    ::_exit(128 + signo);
  }
  ::exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

}  // namespace hp::guest
