#include "host/fleet_server.hpp"

#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <utility>

#include "host/fleet_recovery.hpp"

namespace hp {
namespace {
constexpr Time kClockSlack =
    std::chrono::milliseconds(20); /* programs' times are 100 ms and more */
}

FleetServer::FleetServer(asio::io_context& io, FleetServerOptions options, FleetLock lock,
                         FleetStore store, FleetJournal journal)
    : io_(io),
      options_(std::move(options)),
      lock_(std::move(lock)),
      peers_(io, *this),
      state_(peers_, std::move(store), std::move(journal), options_.resume_grace),
      requests_(state_),
      effects_(state_),
      deadline_timer_(io) {
  state_.socket = options_.socket;
  apply(options_.config);
}

Result<std::unique_ptr<FleetServer>> FleetServer::open(asio::io_context& io,
                                                       FleetServerOptions options) {
  FleetLock lock = HP_TRY(FleetLock::take(options.socket));
  FleetStore store = HP_TRY(FleetStore::open(options.base));
  FleetJournal journal = HP_TRY(FleetJournal::open(store.folder()));
  std::unique_ptr<FleetServer> server(new FleetServer(io, std::move(options), std::move(lock),
                                                      std::move(store), std::move(journal)));
  HP_TRYV(server->start());
  return server;
}

Result<> FleetServer::start() {
  for (const std::string& text : state_.journal.warnings())
    state_.log.warn("journal", {}, "", text);
  HP_TRYV(recover(state_, std::move(options_.inherited.stored), pending_));
  own_socket_ = !options_.inherited.socket;
  if (own_socket_) {
    HP_TRYV(peers_.listen(state_.socket));
    set_socket_access();
  } else {
    peers_.listen(std::move(*options_.inherited.socket));
  }
  state_.log.say("started", {}, "",
                 "coordinator of pid " + std::to_string(::getpid()) + " listens on " +
                     state_.socket + ", start " + std::to_string(state_.coordinator.epoch()) +
                     ", " + std::to_string(state_.recovered) + " programs recovered");
  service_manager::ready("listens on " + state_.socket);
  carry_out_soon();
  return {};
}

void FleetServer::configure(const FleetConfig& config) {
  options_.config = config;
  apply(config);
  if (own_socket_) set_socket_access();
  state_.log.say("configured", {}, "",
                 config.origin.empty() ? "the defaults hold" : "by " + config.origin);
}

void FleetServer::apply(const FleetConfig& config) {
  state_.access = config.access;
  state_.limits.set(config.users, config.root, config.origin);
}

/* root's socket is for root and a group; a user's, and one without group, is its owner's. */
void FleetServer::set_socket_access() {
  const FleetConfig& config = options_.config;
  const bool open = ::geteuid() == 0 && config.socket_group;
  const char* path = state_.socket.c_str();
  if ((open && ::chown(path, 0, *config.socket_group) != 0) ||
      ::chmod(path, open ? config.socket_mode : 0600) != 0)
    state_.log.warn(
        "error", {}, "",
        "the socket " + state_.socket + " is open to its owner only: " + std::strerror(errno));
}

/* --- what peers do --- */

Result<> FleetServer::connected(FleetPeer& p) {
  p.credentials = HP_TRY(PeerCredentials::of(p.channel.fd()));
  p.share = HP_TRY(state_.limits.connect(p.credentials.uid, FleetState::now()));
  return {};
}

void FleetServer::message(FleetPeer& p, FleetChannel::Incoming in) {
  requests_.handle(p, std::move(in), pending_);
  carry_out_soon();
}

void FleetServer::gone(FleetPeer& p, const std::string& why) {
  if (const Guest* guest = state_.coordinator.guest_of(p.id))
    state_.log.say("gone", {}, guest->name, why);
  else if (!why.empty())
    spdlog::warn("dropped a connection of pid {}: {}", p.credentials.pid, why);
  for (const auto& [ident, program] : state_.coordinator.programs())
    if (program.consumer == p.id && program.options.detached)
      state_.log.say("detached", ident, "", "from pid " + std::to_string(p.credentials.pid));
  state_.log.forget(p.id);
  state_.coordinator.disconnected(p.id, FleetState::now(), pending_);
  carry_out_soon();
}

/* --- what follows --- */

void FleetServer::carry_out_soon() {
  if (carrying_) return;
  carrying_ = true;
  asio::post(io_, [this] { carry_out(); });
}

void FleetServer::carry_out() {
  carrying_ = false;
  if (closing_) return;
  effects_.carry_out(std::exchange(pending_, {}));
  if (std::exchange(clock_soon_, true)) return;
  wake_at(FleetState::now() + kClockSlack);
}

/* The next deadline is looked for among all guests of all programs: not at each message, but when some time has gone
 * by since the first. */
void FleetServer::wake_at(Time time) {
  deadline_timer_.expires_at(std::chrono::steady_clock::time_point(time));
  deadline_timer_.async_wait([this](std::error_code error) {
    if (error || closing_) return;
    clock_soon_ = false;
    state_.coordinator.tick(FleetState::now(), pending_);
    effects_.carry_out(std::exchange(pending_, {}));
    if (const auto deadline = state_.coordinator.next_deadline()) wake_at(*deadline);
  });
}

/* --- the end --- */

void FleetServer::shut_down() {
  if (closing_) return;
  carry_out(); /* whoever was killed is ended */
  closing_ = true;
  service_manager::stopping();
  peers_.stop_listening();
  if (own_socket_) ::unlink(state_.socket.c_str());
  deadline_timer_.cancel();
  state_.log.say("stopped", {}, "",
                 std::to_string(state_.programs.size()) + " programs stay as they are");
  peers_.close(); /* guests and consumers come back to the next one */
  lock_.release();
}

}  // namespace hp
