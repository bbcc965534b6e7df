#include "host/fleet_server.hpp"

#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <utility>

namespace hp {
namespace {

constexpr auto kShutdownLimit = std::chrono::seconds(2);

}  // namespace

FleetServer::FleetServer(asio::io_context& io, std::string socket_path)
    : io_(io),
      peers_(io, *this),
      state_(peers_),
      requests_(state_),
      effects_(state_),
      end_timer_(io),
      deadline_timer_(io) {
  state_.socket = std::move(socket_path);
  configure(config_);
}

Result<> FleetServer::open() {
  lock_ = HP_TRY(FleetLock::take(state_.socket));
  HP_TRYV(peers_.listen(state_.socket));
  set_socket_access();
  return {};
}

void FleetServer::configure(const FleetConfig& config) {
  config_ = config;
  state_.access = config_.access;
  state_.limits.set(config_.users, config_.root, config_.origin);
}

/* root's socket is for root and a group; a user's is the user's. */
void FleetServer::set_socket_access() {
  if (::geteuid() != 0 || !config_.socket_group) return;
  if (::chown(state_.socket.c_str(), 0, *config_.socket_group) != 0 ||
      ::chmod(state_.socket.c_str(), config_.socket_mode) != 0)
    spdlog::warn("the socket {} is open to root only: {}", state_.socket, std::strerror(errno));
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
    spdlog::info("guest {} ({}) is gone{}{}", guest->vmid, guest->name, why.empty() ? "" : ": ",
                 why);
  else if (!why.empty())
    spdlog::warn("dropped a connection of pid {}: {}", p.credentials.pid, why);
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
  effects_.carry_out(std::exchange(pending_, {}));
  arm_timer();
  if (state_.closing && state_.programs.empty()) close_all();
}

void FleetServer::arm_timer() {
  if (state_.closing) return;
  auto deadline = state_.coordinator.next_deadline();
  if (!deadline) {
    deadline_timer_.cancel();
    return;
  }
  deadline_timer_.expires_at(std::chrono::steady_clock::time_point(*deadline));
  deadline_timer_.async_wait([this](std::error_code error) {
    if (error) return;
    state_.coordinator.tick(FleetState::now(), pending_);
    carry_out();
  });
}

/* --- the end --- */

void FleetServer::shut_down() {
  if (state_.closing) return;
  state_.closing = true;
  spdlog::info("shutting down");
  peers_.stop_listening();
  ::unlink(state_.socket.c_str());
  end_timer_.expires_after(kShutdownLimit);
  end_timer_.async_wait([this](std::error_code error) {
    if (!error) close_all();
  });
  state_.coordinator.kill_all("the coordinator shuts down", FleetState::now(), pending_);
  carry_out_soon();
}

void FleetServer::close_all() {
  end_timer_.cancel();
  deadline_timer_.cancel();
  peers_.close();
  lock_.release();
}

}  // namespace hp
