/* FleetPeers: the coordinator's control socket and who is connected to it.
 *
 * Accepts connections, reads messages, queues what is sent, and drops who breaks the protocol or goes. What is
 * said is the listener's affair.
 *
 *     FleetPeers peers(io, listener);
 *     HP_TRYV(peers.listen("/run/hyprobe/control.sock"));     or peers.listen(socket) with one that listens already
 *     io.run();                                               listener.message(), listener.gone()
 *
 * Peers are known by their credentials (peer_credentials.hpp), taken when they connect; what they take of the
 * coordinator is counted (fleet_limits.hpp): connections and what waits to be sent to them, here.
 * Threading: the thread that runs the io_context. */
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "host/asio.hpp"
#include "host/fleet_channel.hpp"
#include "host/fleet_limits.hpp"
#include "host/peer_credentials.hpp"
#include "transport/coordinator.hpp"

namespace hp {

struct FleetPeer {
  FleetPeer(asio::io_context& io, PeerId id, Fd socket);
  ~FleetPeer();
  FleetPeer(const FleetPeer&) = delete;
  FleetPeer& operator=(const FleetPeer&) = delete;

  PeerId id;
  PeerCredentials credentials;
  FleetLimits::Connection share;
  FleetChannel channel;
  asio::posix::stream_descriptor watch; /* of the channel's descriptor, which it does not own */
  bool writing = false;
  std::string too_old; /* why it is refused everything (transport/control_protocol.hpp) */
  struct Submit {
    std::string request; /* id, to be answered when it is decided */
    bool adopted = false;
  };
  std::map<ProgramIdent, Submit> submits;
};

class FleetPeers {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    /* A connection: nothing was read yet. An error: it is told, and the connection closed. */
    virtual Result<> connected(FleetPeer&) = 0;
    virtual void message(FleetPeer&, FleetChannel::Incoming) = 0;
    /* It is no longer in the table. why: what it did wrong, or empty. */
    virtual void gone(FleetPeer&, const std::string& why) = 0;
  };

  FleetPeers(asio::io_context&, Listener&);
  ~FleetPeers();

  /* Replaces a dead coordinator's socket: the caller holds the lock beside it. It is open to its owner alone. */
  Result<> listen(const std::string& path);
  void listen(Fd listening);
  void stop_listening();

  FleetPeer* find(PeerId) const;
  size_t size() const { return peers_.size(); }
  void send(FleetPeer&, std::string line, std::vector<FleetChannel::SharedFd> fds = {});
  /* Closes the connection and tells the listener. */
  void drop(PeerId, const std::string& why);
  /* Soon, if the caller is in the middle of something about it. */
  void drop_soon(PeerId, const std::string& why);
  /* All of them, without a word. */
  void close();

 private:
  void accept();
  void add(Fd socket);
  void read(const std::shared_ptr<FleetPeer>&);
  void write(const std::shared_ptr<FleetPeer>&);

  asio::io_context& io_;
  Listener& listener_;
  Fd socket_;
  asio::posix::stream_descriptor watch_; /* of socket_ */
  asio::steady_timer retry_;
  std::map<PeerId, std::shared_ptr<FleetPeer>> peers_;
  PeerId next_ = 1;
};

}  // namespace hp
