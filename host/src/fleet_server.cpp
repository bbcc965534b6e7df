#include "host/fleet_server.hpp"

#include <spdlog/spdlog.h>
#include <unistd.h>

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
}

Result<> FleetServer::open() {
  lock_ = HP_TRY(FleetLock::take(state_.socket));
  return peers_.listen(state_.socket);
}

/* --- what peers do --- */

Result<> FleetServer::connected(FleetPeer&) {
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
