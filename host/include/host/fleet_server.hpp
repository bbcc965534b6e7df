/* FleetServer: `probed coordinator`: the pure Coordinator (transport/coordinator.hpp) in an Asio loop.
 *
 * Peers are connections that register guests (probevm), submit programs (probec -E) or ask (probectl). What they say
 * goes through FleetRequests to the Coordinator; what that decides is carried out by FleetEffects, once for all
 * messages that the loop found together. One instance per socket, by a lock file beside it.
 *
 * The server never maps what a consumer gave it: the object is read once, checked and copied into a sealed memfd; the
 * segment must be sealed against shrinking and is only written with pwrite(2) (its guest table).
 *
 * Threading: the thread that runs the io_context. */
#pragma once
#include <string>

#include "host/asio.hpp"
#include "host/fleet_config.hpp"
#include "host/fleet_effects.hpp"
#include "host/fleet_lock.hpp"
#include "host/fleet_peers.hpp"
#include "host/fleet_requests.hpp"
#include "host/fleet_state.hpp"

namespace hp {

class FleetServer final : private FleetPeers::Listener {
 public:
  FleetServer(asio::io_context& io, std::string socket_path);
  /* Takes the lock, replaces a stale socket, listens. */
  Result<> open();
  /* Before open(), and again at any time: rights and limits hold for what is asked from here on. */
  void configure(const FleetConfig&);
  /* Ends every program, tells the guests, closes; then the io_context runs out of work. */
  void shut_down();

 private:
  Result<> connected(FleetPeer&) override;
  void message(FleetPeer&, FleetChannel::Incoming) override;
  void gone(FleetPeer&, const std::string& why) override;
  void set_socket_access();
  void carry_out_soon();
  void carry_out();
  void arm_timer();
  void close_all();

  asio::io_context& io_;
  FleetConfig config_ = FleetConfig::defaults();
  FleetLock lock_;
  FleetPeers peers_;
  FleetState state_;
  FleetRequests requests_;
  FleetEffects effects_;
  Effects pending_; /* not carried out yet */
  bool carrying_ = false;
  asio::steady_timer end_timer_;      /* the end's limit */
  asio::steady_timer deadline_timer_; /* the transaction's */
};

}  // namespace hp
