#include "host/fleet_peers.hpp"

#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <cstring>

#include "transport/unix_address.hpp"

namespace hp {
namespace {

constexpr int kBacklog = 512; /* guests start in herds */
constexpr auto kAcceptRetry = std::chrono::milliseconds(100);
constexpr int kAcceptedAtOnce = 64; /* then the others have their turn */

}  // namespace

FleetPeer::FleetPeer(asio::io_context& io, PeerId peer_id, Fd socket)
    : id(peer_id), channel(std::move(socket), FleetChannel::kMaxRequest), watch(io, channel.fd()) {}

FleetPeer::~FleetPeer() {
  watch.release(); /* the channel closes it */
}

FleetPeers::FleetPeers(asio::io_context& io, Listener& listener)
    : io_(io), listener_(listener), watch_(io), retry_(io) {}

FleetPeers::~FleetPeers() {
  stop_listening();
}

/* --- the socket --- */

Result<> FleetPeers::listen(const std::string& path) {
  const sockaddr_un address = HP_TRY(unix_address(path));
  struct stat st{};
  if (::lstat(path.c_str(), &st) == 0) {
    if (!S_ISSOCK(st.st_mode)) return fail(path + " exists and is not a socket");
    ::unlink(path.c_str());
  }
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return fail_errno("cannot create a socket");
  const mode_t old = ::umask(0177);
  const int bound =
      ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int err = errno;
  ::umask(old);
  if (bound != 0) return fail_errno("cannot create the socket " + path, err);
  if (::listen(socket.get(), kBacklog) != 0) return fail_errno("cannot listen on " + path);
  listen(std::move(socket));
  return {};
}

void FleetPeers::listen(Fd listening) {
  socket_ = std::move(listening);
  watch_.assign(socket_.get());
  accept();
}

void FleetPeers::stop_listening() {
  if (watch_.is_open()) watch_.release();
  retry_.cancel();
  socket_.reset();
}

void FleetPeers::accept() {
  if (!socket_) return;
  watch_.async_wait(asio::posix::stream_descriptor::wait_read, [this](std::error_code error) {
    if (error || !socket_) return;
    for (int i = 0; i < kAcceptedAtOnce; i++) {
      Fd socket(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (!socket) {
        if (errno == EINTR || errno == ECONNABORTED) continue;
        if (errno != EAGAIN && errno != EWOULDBLOCK) {
          spdlog::error("cannot accept a connection: {}", std::strerror(errno));
          if (errno == EMFILE || errno == ENFILE) { /* until a peer goes: do not spin */
            retry_.expires_after(kAcceptRetry);
            retry_.async_wait([this](std::error_code stopped) {
              if (!stopped) accept();
            });
            return;
          }
        }
        break;
      }
      add(std::move(socket));
    }
    accept();
  });
}

void FleetPeers::add(Fd socket) {
  auto p = std::make_shared<FleetPeer>(io_, next_++, std::move(socket));
  if (auto well = listener_.connected(*p); !well) {
    (void)p->channel.send(rpc::failure({}, rpc::kRefused, well.error().message));
    return;
  }
  peers_[p->id] = p;
  read(p);
}

/* --- peers --- */

FleetPeer* FleetPeers::find(PeerId id) const {
  auto it = peers_.find(id);
  return it == peers_.end() ? nullptr : it->second.get();
}

void FleetPeers::read(const std::shared_ptr<FleetPeer>& p) {
  p->watch.async_wait(asio::posix::stream_descriptor::wait_read, [this, p](std::error_code error) {
    if (error || p->channel.closed()) return;
    auto more = p->channel.receive();
    for (;;) {
      auto in = p->channel.next();
      if (!in) return drop(p->id, in.error().message);
      if (!*in) break;
      listener_.message(*p, std::move(**in));
      if (p->channel.closed()) return;
    }
    if (!more) return drop(p->id, more.error().message);
    if (!*more) return drop(p->id, "");
    read(p);
  });
}

void FleetPeers::write(const std::shared_ptr<FleetPeer>& p) {
  if (p->writing || p->channel.closed() || !p->channel.wants_write()) return;
  p->writing = true;
  p->watch.async_wait(asio::posix::stream_descriptor::wait_write, [this, p](std::error_code error) {
    p->writing = false;
    if (error || p->channel.closed()) return;
    if (auto sent = p->channel.flush(); !sent) return drop(p->id, sent.error().message);
    (void)p->share.queued(p->channel.queued()); /* less than before */
    write(p);
  });
}

void FleetPeers::send(FleetPeer& p, std::string line, std::vector<FleetChannel::SharedFd> fds) {
  auto sent = p.channel.send(std::move(line), std::move(fds));
  if (sent) sent = p.share.queued(p.channel.queued());
  if (!sent) return drop_soon(p.id, sent.error().message);
  if (auto it = peers_.find(p.id); it != peers_.end()) write(it->second);
}

void FleetPeers::drop_soon(PeerId id, const std::string& why) {
  asio::post(io_, [this, id, why] { drop(id, why); });
}

void FleetPeers::drop(PeerId id, const std::string& why) {
  auto it = peers_.find(id);
  if (it == peers_.end()) return;
  const std::shared_ptr<FleetPeer> p = it->second;
  peers_.erase(it);
  p->watch.release(); /* cancels what waits on it */
  p->channel.close();
  listener_.gone(*p, why);
}

void FleetPeers::close() {
  for (auto& [id, p] : std::exchange(peers_, {})) {
    p->watch.release();
    p->channel.close();
  }
}

}  // namespace hp
