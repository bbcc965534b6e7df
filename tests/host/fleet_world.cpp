#include "fleet_world.hpp"

#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace hp::test {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kLimit = std::chrono::seconds(20);
constexpr const char* kGrace = "0.3"; /* s, for consumers to come back */
constexpr int kTurn = 5; /* ms: how soon a dead coordinator is seen, or a lost one looked for */

std::string text_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace

/* --- a consumer --- */

FleetConsumer::FleetConsumer(std::string socket, const std::string& object)
    : socket_(std::move(socket)), program_(object) {}

void FleetConsumer::submit(bool detach) {
  detach_ = detach;
  state_ = Submitted;
  connect();
}

void FleetConsumer::connect() {
  auto channel = FleetChannel::connect(socket_, FleetChannel::kMaxAnswer);
  if (!channel) return;
  channel_ = std::move(*channel);
  std::vector<FleetChannel::SharedFd> fds;
  for (int fd : {program_.object.get(), program_.segment.fd()})
    fds.push_back(std::make_shared<Fd>(::fcntl(fd, F_DUPFD_CLOEXEC, 0)));
  (void)channel_->send(rpc::request("1", "program.submit",
                                    rpc::Object()
                                        .number("fds", 2)
                                        .text("onfail", "abort")
                                        .number("timeout_ms", 5000)
                                        .flag("detach", detach_)
                                        .json()),
                       std::move(fds));
}

void FleetConsumer::leave() {
  left_ = true;
  if (detach_) program_.segment.header()->self_pid = 0;
  channel_.reset();
}

short FleetConsumer::poll_events() const {
  return static_cast<short>(POLLIN | (channel_ && channel_->wants_write() ? POLLOUT : 0));
}

void FleetConsumer::dispatch() {
  if (left_ || state_ == Idle || state_ == Aborted || state_ == Ended) return;
  if (!channel_) return connect();
  const auto more = channel_->receive();
  for (;;) {
    auto in = channel_->next();
    if (!in || !*in) break;
    handle((*in)->message);
  }
  if (!more || !*more || !channel_->flush()) channel_.reset();
}

void FleetConsumer::handle(const rpc::Message& m) {
  using rpc::Message;
  if (m.kind == Message::Answer) {
    state_ = Committed;
    guests_ = m.body.objects("guests", HP_MAX_GUESTS).value_or(std::vector<rpc::Fields>{}).size();
  } else if (m.kind == Message::Failure) {
    reason_ = m.error;
    state_ = state_ == Committed ? Ended : Aborted; /* ended while it was away, too */
  } else if (m.method == "program.ended") {
    reason_ = m.body.text_or("reason", 4096, "").value_or("");
    state_ = Ended;
  } else if (m.method == "guest.joined") {
    guests_++;
  }
}

/* --- the coordinator --- */

/* In memory: that a disk keeps what was synced is not what is tested, and here it takes no time. */
std::string FleetWorld::fast_folder() {
  return std::filesystem::exists("/dev/shm") ? "/dev/shm"
                                             : std::filesystem::temp_directory_path().string();
}

FleetWorld::FleetWorld(const CrashPlan& plan) : plan_(plan) {
  start(plan);
  await_coordinator();
  served_ = true;
}

FleetWorld::~FleetWorld() {
  consumers_.clear();
  guests_.clear();
  if (daemon_ <= 0) return;
  ::kill(daemon_, SIGKILL);
  ::waitpid(daemon_, nullptr, 0);
}

void FleetWorld::start(const CrashPlan& plan) {
  std::vector<std::string> environment;
  for (char** e = environ; *e; e++) environment.emplace_back(*e);
  auto set = [&](const std::string& name, const std::string& value) {
    environment.push_back(name + "=" + value);
  };
  set("HYPROBE_BASE", base_);
  if (plan.kill_at != 0 || plan.fail_at != 0) {
    set("LD_PRELOAD", KILL_AT);
    set("HP_KILL_AT", std::to_string(plan.kill_at));
    set("HP_KILL_WHEN", plan.after ? "after" : "before");
    set("HP_KILL_BASE", base_);
    set("HP_KILL_TRACE", directory_.path() + "/point");
    if (plan.power) {
      std::filesystem::create_directory(durable());
      set("HP_KILL_DURABLE", durable());
    }
    set("HP_FAIL_AT", std::to_string(plan.fail_at));
    set("HP_FAIL_FOR", std::to_string(plan.fail_for));
    set("HP_FAIL_WITH", std::to_string(plan.fail_with));
  }
  std::vector<std::string> arguments = {
      HP_BIN_DIR "/probed", "coordinator", "--foreground", "--socket", socket_,
      "--resume-grace",     kGrace};
  std::vector<char*> argv, envp;
  for (std::string& a : arguments) argv.push_back(a.data());
  for (std::string& e : environment) envp.push_back(e.data());
  argv.push_back(nullptr);
  envp.push_back(nullptr);
  posix_spawn_file_actions_t files;
  ::posix_spawn_file_actions_init(&files);
  const std::string log = directory_.path() + "/log";
  ::posix_spawn_file_actions_addopen(&files, 2, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::posix_spawn_file_actions_adddup2(&files, 2, 1);
  const int error = ::posix_spawn(&daemon_, argv[0], &files, nullptr, argv.data(), envp.data());
  ::posix_spawn_file_actions_destroy(&files);
  if (error != 0) throw std::runtime_error("cannot start probed");
}

/* Starts the coordinator again if it was killed; it must not end in any other way. */
void FleetWorld::reap() {
  int status = 0;
  if (daemon_ <= 0 || ::waitpid(daemon_, &status, WNOHANG) != daemon_) return;
  daemon_ = -1;
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && crashes_ == 0 && plan_.kill_at != 0) {
    crashes_++;
    if (plan_.power) lose_power();
    start({});
  } else if (plan_.fail_at != 0 && !served_ && WIFEXITED(status) && WEXITSTATUS(status) == 1) {
    if (log().empty()) complaints_.emplace_back("it does not say why it does not start");
    start({});
  } else if (!ending_) {
    throw std::runtime_error("the coordinator ended by itself, status " + std::to_string(status));
  } else if (WIFSIGNALED(status)) {
    throw std::runtime_error("the coordinator died of signal " + std::to_string(WTERMSIG(status)) +
                             " at its end");
  }
}

/* Leaves of the base folder what was synced: names as of its last sync, with contents as of each file's. */
void FleetWorld::lose_power() {
  namespace fs = std::filesystem;
  fs::remove_all(base_);
  fs::create_directory(base_);
  fs::permissions(base_, fs::perms::owner_all);
  std::ifstream names(durable() + "/names");
  for (std::string file, name; names >> file >> name;) {
    if (fs::exists(durable() + "/" + file))
      fs::copy_file(durable() + "/" + file, base_ + "/" + name);
    else
      std::ofstream(base_ + "/" + name).flush(); /* never synced: empty */
    fs::permissions(base_ + "/" + name, fs::perms::owner_read | fs::perms::owner_write);
  }
}

void FleetWorld::await_coordinator() {
  ask("status");
}

void FleetWorld::restart() {
  end_daemon();
  ending_ = false;
  start({});
}

void FleetWorld::end_daemon() {
  ending_ = true;
  while (daemon_ != -1) { /* again if it crashes at its end */
    const unsigned before = crashes_;
    ::kill(daemon_, SIGTERM);
    until([&] { return daemon_ == -1 || crashes_ > before; }, "the coordinator's end");
    if (daemon_ != -1) await_coordinator();
  }
}

/* --- everybody --- */

SimulatedGuest& FleetWorld::guest(const std::string& name) {
  guests_.push_back(std::make_unique<SimulatedGuest>(name, socket_));
  guests_.back()->host().on_enable = [this, name](const ProgramIdent& ident) {
    const auto programs = journal(); /* ended by now, maybe: the COMMIT was on its way */
    const auto found = programs.find(ident);
    if (found == programs.end() || found->second.committed_ns == 0)
      complaints_.push_back(name + " enables " + to_hex(ident) +
                            ", which the journal has not had as committed");
  };
  return *guests_.back();
}

FleetConsumer& FleetWorld::consumer() {
  consumers_.push_back(std::make_unique<FleetConsumer>(socket_, FLEET_OBJECTS "/fleet_GOOD.o"));
  return *consumers_.back();
}

void FleetWorld::turn() {
  reap();
  std::vector<pollfd> fds;
  for (auto& g : guests_) fds.push_back({g->fd(), g->poll_events(), 0});
  for (auto& c : consumers_) fds.push_back({c->fd(), c->poll_events(), 0});
  ::poll(fds.data(), fds.size(), kTurn);
  for (auto& g : guests_) g->dispatch();
  for (auto& c : consumers_) c->dispatch();
}

void FleetWorld::until(const std::function<bool()>& condition, const std::string& what) {
  const auto end = Clock::now() + kLimit;
  while (!condition()) {
    if (Clock::now() > end) throw std::runtime_error("timed out: " + what);
    turn();
  }
}

std::string FleetWorld::ask(const std::string& method, const std::string& params) {
  std::unique_ptr<FleetChannel> channel;
  std::optional<std::string> answer;
  auto attempt = [&] {
    if (!channel) {
      auto connected = FleetChannel::connect(socket_, FleetChannel::kMaxAnswer);
      if (!connected) return false;
      channel = std::move(*connected);
      (void)channel->send(rpc::request("1", method, params));
    }
    const auto more = channel->receive();
    if (auto in = channel->next(); in && *in) {
      const rpc::Message& m = (*in)->message;
      answer = m.kind == rpc::Message::Answer ? m.body.json() : "";
      return true;
    }
    if (!more || !*more) channel.reset();
    return false;
  };
  until(attempt, method);
  return *answer;
}

std::vector<FleetWorld::Listed> FleetWorld::programs() {
  const auto message = rpc::parse(rpc::answer("1", ask("program.list")));
  std::vector<Listed> listed;
  if (!message) return listed;
  for (const rpc::Fields& f : need(message->body.objects("programs", 1000), "programs")) {
    Listed l;
    l.ident = need(f.ident("ident"), "ident");
    l.state = need(f.text("state", 32), "state");
    for (const rpc::Fields& g : need(f.objects("guests", HP_MAX_GUESTS), "guests")) {
      l.guests++;
      l.enabled += need(g.text("state", 32), "state") == "enabled";
    }
    listed.push_back(l);
  }
  return listed;
}

size_t FleetWorld::enabled_in(const ProgramIdent& ident) const {
  return static_cast<size_t>(std::count_if(guests_.begin(), guests_.end(), [&](auto& g) {
    return g->host().enabled().count(ident) != 0;
  }));
}

bool FleetWorld::loaded_anywhere() const {
  return std::any_of(guests_.begin(), guests_.end(),
                     [](auto& g) { return !g->host().loaded().empty(); });
}

/* Of a copy: the coordinator keeps others out, and reading it is to change nothing. */
std::map<ProgramIdent, FleetJournal::Program> FleetWorld::journal() const {
  const TemporaryDirectory copy;
  for (const char* name : {"/journal.sqlite", "/journal.sqlite-wal"})
    if (std::filesystem::exists(base_ + name))
      std::filesystem::copy_file(base_ + name, copy.path() + name);
  FleetJournal journal = need(FleetJournal::open(copy.path()), "the journal");
  std::map<ProgramIdent, FleetJournal::Program> found;
  for (const auto& programs :
       {need(journal.open_programs(), "programs"), need(journal.history(1000), "history")})
    for (const FleetJournal::Program& p : programs) found[p.ident] = p;
  return found;
}

std::set<std::string> FleetWorld::files() const {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(base_))
    names.insert(entry.path().filename());
  return names;
}

std::string FleetWorld::point() const {
  return text_of(directory_.path() + "/point");
}
std::string FleetWorld::log() const {
  return text_of(directory_.path() + "/log");
}

}  // namespace hp::test
