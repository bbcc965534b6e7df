/* FleetServer: `probed coordinator`: the control socket, its peers, and the programs they run.
 *
 * Wires the pure Coordinator (transport/coordinator.hpp) to an Asio loop: peers are connections that
 * register guests (probevm), submit programs (probec -E) or ask (probectl). Methods and their fields
 * are in docs/fleet.md. One instance per socket, by a lock file beside it.
 *
 * The server never maps what a consumer gave it: the object is read once, checked and copied into a
 * sealed memfd; the segment must be sealed against shrinking and is only written with pwrite(2) (its
 * guest table). Everything in a message is bounded and validated before use.
 *
 * Threading: the thread that runs the io_context. */
#pragma once
#include <sys/socket.h>

/* Asio 1.22 looks for aligned_alloc with a macro of libstdc++'s that may not be defined yet, so that
 * two files may come to allocate and free differently. All of Asio is included from here. */
#define ASIO_DISABLE_STD_ALIGNED_ALLOC 1
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "host/fleet_channel.hpp"
#include "host/fleet_lock.hpp"
#include "host/fleet_program.hpp"
#include "transport/coordinator.hpp"
#include "transport/segment.h"

namespace hp {

class FleetServer {
 public:
  FleetServer(asio::io_context& io, std::string socket_path);
  ~FleetServer();
  /* Takes the lock, replaces a stale socket, listens. */
  Result<> open();
  /* Ends every program, tells the guests, closes; then the io_context runs out of work. */
  void shut_down();

 private:
  struct Peer {
    Peer(asio::io_context& io, PeerId id, Fd socket);
    ~Peer();
    PeerId id;
    ucred credentials{};
    FleetChannel channel;
    asio::posix::stream_descriptor watch; /* of the channel's descriptor, which it does not own */
    bool writing = false;
    std::string too_old; /* why it is refused everything (transport/control_protocol.hpp) */
    std::map<ProgramIdent, std::string> submits; /* request ids that await the decision */
  };
  void accept();
  void read(const std::shared_ptr<Peer>&);
  void write(const std::shared_ptr<Peer>&);
  void drop(PeerId, const std::string& why);
  void send(Peer&, std::string line, std::vector<FleetChannel::SharedFd> fds = {});
  void handle(Peer&, FleetChannel::Incoming);
  void handle_guest(Peer&, const rpc::Message&);
  void handle_request(Peer&, const rpc::Message&, std::vector<Fd>);
  Result<std::string> register_guest(Peer&, const rpc::Fields&, Effects&);
  Result<> submit(Peer&, const rpc::Message&, std::vector<Fd>, Effects&);
  Result<> kill(Peer&, const rpc::Message&, Effects&);
  void answer_then(Peer&, std::string line, Effects);
  std::string guest_list() const;
  std::string program_list() const;
  std::string status() const;

  void carry_out(Effects);
  void carry_out(const Effect&);
  void arm_timer();
  void close_all();
  Peer* peer(PeerId);
  static Time now();

  asio::io_context& io_;
  std::string path_;
  FleetLock lock_;
  Fd listener_fd_;
  asio::posix::stream_descriptor listener_;
  asio::steady_timer timer_;          /* accept's retry; the end's limit */
  asio::steady_timer deadline_timer_; /* the transaction's */
  Coordinator coordinator_{HP_MAX_GUESTS};
  std::map<PeerId, std::shared_ptr<Peer>> peers_;
  std::map<ProgramIdent, FleetProgram> running_;
  PeerId next_peer_ = 1;
  bool closing_ = false;
  std::chrono::system_clock::time_point since_ = std::chrono::system_clock::now();
};

}  // namespace hp
