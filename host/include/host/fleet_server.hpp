/* FleetServer: `probed coordinator`: the pure Coordinator (transport/coordinator.hpp) in an Asio loop.
 *
 * Peers are connections that register guests (probevm), submit programs (probec -E) or ask (probectl). What they say
 * goes through FleetRequests to the Coordinator; what that decides is carried out by FleetEffects, once for all
 * messages that the loop found together. One instance per socket and per base folder, by lock files.
 *
 * What is committed is in the journal and outlives the server: a killed one as well as one that is shut down.
 *
 * The server never maps what a consumer gave it: the object is read once, checked and copied into a sealed memfd; the
 * segment must be sealed against shrinking and is only written with pwrite(2) (its guest table).
 *
 * Threading: the thread that runs the io_context. */
#pragma once
#include <memory>
#include <string>

#include "host/asio.hpp"
#include "host/fleet_config.hpp"
#include "host/fleet_effects.hpp"
#include "host/fleet_lock.hpp"
#include "host/fleet_peers.hpp"
#include "host/fleet_requests.hpp"
#include "host/fleet_state.hpp"
#include "host/service_manager.hpp"

namespace hp {

struct FleetServerOptions {
  std::string socket; /* absolute */
  std::string base;   /* folder of the journal and the programs; absolute */
  Time resume_grace =
      std::chrono::seconds(10); /* how long programs wait for consumers after a restart */
  FleetConfig config = FleetConfig::defaults();
  service_manager::Inherited inherited;
};

class FleetServer final : private FleetPeers::Listener {
 public:
  /* Locks socket and base folder, reads the journal, knows again what ran, listens. */
  static Result<std::unique_ptr<FleetServer>> open(asio::io_context&, FleetServerOptions);
  /* Closes; then the io_context runs out of work. What is committed goes on running and stays in the journal. */
  void shut_down();
  /* Rights and limits, from here on. */
  void configure(const FleetConfig&);

 private:
  FleetServer(asio::io_context&, FleetServerOptions, FleetLock, FleetStore, FleetJournal);
  Result<> start();
  Result<> connected(FleetPeer&) override;
  void message(FleetPeer&, FleetChannel::Incoming) override;
  void gone(FleetPeer&, const std::string& why) override;
  void apply(const FleetConfig&);
  void set_socket_access();
  void carry_out_soon();
  void carry_out();
  void wake_at(Time);

  asio::io_context& io_;
  FleetServerOptions options_;
  bool own_socket_ = false; /* not the service manager's */
  FleetLock lock_;
  FleetPeers peers_;
  FleetState state_;
  FleetRequests requests_;
  FleetEffects effects_;
  Effects pending_; /* not carried out yet */
  bool carrying_ = false, closing_ = false;
  bool clock_soon_ = false; /* it will be asked within kClockSlack */
  asio::steady_timer deadline_timer_;
};

}  // namespace hp
