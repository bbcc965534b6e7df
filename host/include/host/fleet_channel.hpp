/* FleetChannel: one end of a control socket: JSON-RPC messages with descriptors, never blocking.
 *
 * Reads lines into messages and pairs them with the descriptors they announce; queues what the socket
 * does not take yet. Both directions are bounded: a line that is too long, descriptors that nobody
 * announced, or a peer that does not read are errors, after which the channel is closed.
 *
 * Threading: one thread at a time. Descriptors to be sent are shared, so that one program's pair can
 * wait in many queues. */
#pragma once
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "transport/fd.hpp"
#include "transport/frames.hpp"
#include "transport/rpc.hpp"

namespace hp {

class FleetChannel {
 public:
  static constexpr size_t kMaxRequest = 64u << 10; /* bytes of a line to the coordinator */
  static constexpr size_t kMaxAnswer = 8u << 20;   /* bytes of a line from it */
  static constexpr size_t kMaxQueued = 16u << 20;  /* bytes waiting to be sent */
  using SharedFd = std::shared_ptr<Fd>;

  /* A line that is not a message; to be answered with rpc::failure. */
  struct Incoming {
    rpc::Message message;
    std::optional<rpc::Malformed> malformed;
    std::vector<Fd> fds;
  };

  /* Takes a connected Unix stream socket and makes it non-blocking. */
  FleetChannel(Fd socket, size_t max_line);
  /* Refuses a socket that neither root nor the caller's own user serves. */
  static Result<std::unique_ptr<FleetChannel>> connect(const std::string& path, size_t max_line);

  int fd() const { return socket_.get(); }
  bool closed() const { return !socket_; }
  bool wants_write() const { return !queue_.empty(); }
  size_t queued() const { return queued_; } /* bytes waiting to be sent */
  void close();

  /* Reads what is there, or as much as one peer may say at a time. False at end of file; an error when the stream
   * is unusable. */
  Result<bool> receive();
  /* The next complete message; nullopt when more bytes are needed. */
  Result<std::optional<Incoming>> next();
  /* Sends, or queues what does not fit; line without newline. */
  Result<> send(std::string line, std::vector<SharedFd> fds = {});
  /* Sends what is queued, as far as the socket takes it. */
  Result<> flush();

 private:
  struct Outgoing {
    std::string bytes;
    size_t sent = 0;
    std::vector<SharedFd> fds;
  };
  Fd socket_;
  LineReader reader_;
  std::deque<Fd> received_;
  std::deque<Outgoing> queue_;
  size_t queued_ = 0;
};

}  // namespace hp
