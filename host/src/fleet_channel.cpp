#include "host/fleet_channel.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include "transport/unix_address.hpp"

namespace hp {
namespace {
constexpr size_t kReadSize = 64u << 10;
constexpr size_t kMaxPendingFds = 16;
constexpr int kMaxReads = 4; /* who writes as fast as we read would keep us, and fill our memory */
}  // namespace

FleetChannel::FleetChannel(Fd socket, size_t max_line)
    : socket_(std::move(socket)), reader_(max_line) {
  int flags = ::fcntl(socket_.get(), F_GETFL);
  ::fcntl(socket_.get(), F_SETFL, flags | O_NONBLOCK);
}

Result<std::unique_ptr<FleetChannel>> FleetChannel::connect(const std::string& path,
                                                            size_t max_line) {
  const sockaddr_un address = HP_TRY(unix_address(path));
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) return fail_errno("cannot create a socket");
  int r;
  do r = ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  while (r != 0 && errno == EINTR);
  if (r != 0) {
    const int err = errno;
    if (err == ENOENT || err == ECONNREFUSED)
      return fail("no coordinator answers at " + path + "; start one with: probed coordinator" +
                      (path == "/run/hyprobe/control.sock" ? "" : " --socket " + path),
                  err);
    if (err == EACCES || err == EPERM)
      return fail("no permission to use " + path +
                      ": run as the user who started the coordinator, or as root",
                  err);
    return fail_errno("cannot connect to " + path, err);
  }
  /* Who listens there runs code in our guests, or gets our programs: in a directory that others can
   * write it might be anyone. */
  ucred server{};
  socklen_t size = sizeof server;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &server, &size) != 0)
    return fail_errno("cannot tell who listens at " + path);
  if (server.uid != 0 && server.uid != ::geteuid())
    return fail("the coordinator at " + path + " is run by another user (uid " +
                    std::to_string(server.uid) + "), who is not trusted",
                EPERM);
  return std::make_unique<FleetChannel>(std::move(socket), max_line);
}

void FleetChannel::close() {
  socket_.reset();
  queue_.clear();
  received_.clear();
  queued_ = 0;
}

Result<bool> FleetChannel::receive() {
  char buffer[kReadSize];
  for (int i = 0; i < kMaxReads; i++) {
    if (!socket_) return false;
    Fd fds[rpc::kMaxMessageFds];
    size_t nfds = 0;
    auto n = recv_with_fds(socket_.get(), buffer, sizeof buffer, fds, rpc::kMaxMessageFds, &nfds,
                           MSG_DONTWAIT);
    if (!n) {
      if (n.error().code == EAGAIN || n.error().code == EWOULDBLOCK) return true;
      if (n.error().code == ECONNRESET) return false;
      return tl::make_unexpected(n.error());
    }
    for (size_t i = 0; i < nfds; i++) received_.push_back(std::move(fds[i]));
    if (received_.size() > kMaxPendingFds) return fail("descriptors that no message announced");
    if (*n == 0) return false;
    reader_.append({buffer, *n});
    if (*n < sizeof buffer) return true;
  }
  return true;
}

Result<std::optional<FleetChannel::Incoming>> FleetChannel::next() {
  std::optional<std::string_view> line = HP_TRY(reader_.next());
  if (!line) return std::nullopt;
  Incoming in;
  auto message = rpc::parse(*line);
  if (!message) {
    in.malformed = message.error();
    return in;
  }
  in.message = std::move(*message);
  if (in.message.fds > received_.size()) return fail("a message without its descriptors");
  for (uint32_t i = 0; i < in.message.fds; i++) {
    in.fds.push_back(std::move(received_.front()));
    received_.pop_front();
  }
  return in;
}

Result<> FleetChannel::send(std::string line, std::vector<SharedFd> fds) {
  if (!socket_) return fail("the connection is closed");
  line += '\n';
  if (queued_ + line.size() > kMaxQueued) return fail("the peer does not read what it is sent");
  queued_ += line.size();
  queue_.push_back({std::move(line), 0, std::move(fds)});
  return flush();
}

Result<> FleetChannel::flush() {
  while (!queue_.empty()) {
    Outgoing& out = queue_.front();
    std::vector<int> fds;
    for (const SharedFd& fd : out.fds) fds.push_back(fd->get());
    auto n = send_with_fds(socket_.get(), out.bytes.data() + out.sent, out.bytes.size() - out.sent,
                           fds.data(), fds.size(), MSG_DONTWAIT);
    if (!n) {
      if (n.error().code == EAGAIN || n.error().code == EWOULDBLOCK) return {};
      if (n.error().code == EPIPE) /* which says of a filter that nobody reads its output */
        return fail("it ended", ECONNRESET);
      return tl::make_unexpected(n.error());
    }
    out.fds.clear(); /* they went with the first byte */
    out.sent += *n;
    if (out.sent < out.bytes.size()) continue;
    queued_ -= out.bytes.size();
    queue_.pop_front();
  }
  return {};
}

}  // namespace hp
