#include "host/fleet_server.hpp"

#include <fcntl.h>
#include <grp.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>

#include "host/fleet_program.hpp"

namespace hp {
namespace {

constexpr auto kShutdownLimit = std::chrono::seconds(2);
constexpr int kBacklog = 512; /* guests start in herds */
constexpr const char* kGroup = "hyprobe";

/* The socket: root's is for root and, where it exists, the group hyprobe; a user's is the user's. */
void set_socket_access(const std::string& path) {
  mode_t mode = 0600;
  if (::geteuid() == 0) {
    if (const group* g = ::getgrnam(kGroup); g && ::chown(path.c_str(), 0, g->gr_gid) == 0)
      mode = 0660;
  }
  ::chmod(path.c_str(), mode);
}

}  // namespace

/* --- peers --- */

FleetServer::Peer::Peer(asio::io_context& io, PeerId peer_id, Fd socket)
    : id(peer_id), channel(std::move(socket), FleetChannel::kMaxRequest), watch(io, channel.fd()) {
  socklen_t size = sizeof credentials;
  ::getsockopt(channel.fd(), SOL_SOCKET, SO_PEERCRED, &credentials, &size);
}

FleetServer::Peer::~Peer() {
  watch.release(); /* the channel closes it */
}

FleetServer::FleetServer(asio::io_context& io, std::string socket_path)
    : io_(io), path_(std::move(socket_path)), listener_(io), timer_(io), deadline_timer_(io) {}

FleetServer::~FleetServer() {
  if (listener_.is_open()) listener_.release();
}

Time FleetServer::now() {
  return std::chrono::steady_clock::now().time_since_epoch();
}

FleetServer::Peer* FleetServer::peer(PeerId id) {
  auto it = peers_.find(id);
  return it == peers_.end() ? nullptr : it->second.get();
}

Result<> FleetServer::open() {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path_.size() >= sizeof address.sun_path)
    return fail("the socket's path is longer than " + std::to_string(sizeof address.sun_path - 1) +
                " bytes: " + path_);
  std::memcpy(address.sun_path, path_.c_str(), path_.size() + 1);
  lock_ = HP_TRY(FleetLock::take(path_));
  struct stat st{};
  if (::lstat(path_.c_str(), &st) == 0) {
    if (!S_ISSOCK(st.st_mode)) return fail(path_ + " exists and is not a socket");
    ::unlink(path_.c_str()); /* we hold the lock: nobody listens there */
  }
  listener_fd_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listener_fd_) return fail_errno("cannot create a socket");
  mode_t old = ::umask(0177);
  int bound = ::bind(listener_fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
  int err = errno;
  ::umask(old);
  if (bound != 0) return fail_errno("cannot create the socket " + path_, err);
  set_socket_access(path_);
  if (::listen(listener_fd_.get(), kBacklog) != 0) return fail_errno("cannot listen on " + path_);
  listener_.assign(listener_fd_.get());
  accept();
  return {};
}

void FleetServer::accept() {
  listener_.async_wait(asio::posix::stream_descriptor::wait_read, [this](std::error_code error) {
    if (error || closing_) return;
    for (;;) {
      Fd socket(::accept4(listener_fd_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (!socket) {
        if (errno == EINTR || errno == ECONNABORTED) continue;
        if (errno != EAGAIN && errno != EWOULDBLOCK) {
          spdlog::error("cannot accept a connection: {}", std::strerror(errno));
          if (errno == EMFILE || errno == ENFILE) { /* until a peer goes: do not spin */
            timer_.expires_after(std::chrono::milliseconds(100));
            timer_.async_wait([this](std::error_code) { accept(); });
            return;
          }
        }
        break;
      }
      auto p = std::make_shared<Peer>(io_, next_peer_++, std::move(socket));
      peers_[p->id] = p;
      read(p);
    }
    accept();
  });
}

void FleetServer::read(const std::shared_ptr<Peer>& p) {
  p->watch.async_wait(asio::posix::stream_descriptor::wait_read, [this, p](std::error_code error) {
    if (error || p->channel.closed()) return;
    auto more = p->channel.receive();
    for (;;) {
      auto in = p->channel.next();
      if (!in) return drop(p->id, in.error().message);
      if (!*in) break;
      handle(*p, std::move(**in));
      if (p->channel.closed()) return;
    }
    if (!more) return drop(p->id, more.error().message);
    if (!*more) return drop(p->id, "");
    read(p);
  });
}

void FleetServer::write(const std::shared_ptr<Peer>& p) {
  if (p->writing || p->channel.closed() || !p->channel.wants_write()) return;
  p->writing = true;
  p->watch.async_wait(asio::posix::stream_descriptor::wait_write, [this, p](std::error_code error) {
    p->writing = false;
    if (error || p->channel.closed()) return;
    if (auto sent = p->channel.flush(); !sent) return drop(p->id, sent.error().message);
    write(p);
  });
}

void FleetServer::send(Peer& p, std::string line, std::vector<FleetChannel::SharedFd> fds) {
  auto sent = p.channel.send(std::move(line), std::move(fds));
  if (!sent) {
    /* Not now: the caller may be in the middle of something about this peer. */
    asio::post(io_, [this, id = p.id, why = sent.error().message] { drop(id, why); });
    return;
  }
  if (auto it = peers_.find(p.id); it != peers_.end()) write(it->second);
}

void FleetServer::drop(PeerId id, const std::string& why) {
  auto it = peers_.find(id);
  if (it == peers_.end()) return;
  std::shared_ptr<Peer> p = it->second;
  if (const Guest* guest = coordinator_.guest_of(id))
    spdlog::info("guest {} ({}) is gone{}{}", guest->vmid, guest->name, why.empty() ? "" : ": ",
                 why);
  else if (!why.empty())
    spdlog::warn("dropped a connection of pid {}: {}", p->credentials.pid, why);
  peers_.erase(it);
  p->watch.release(); /* cancels what waits on it */
  p->channel.close();
  Effects effects;
  coordinator_.disconnected(id, now(), effects);
  carry_out(std::move(effects));
}

/* --- the end --- */

void FleetServer::shut_down() {
  if (closing_) return;
  closing_ = true;
  spdlog::info("shutting down");
  listener_.release();
  listener_fd_.reset();
  ::unlink(path_.c_str());
  timer_.expires_after(kShutdownLimit);
  timer_.async_wait([this](std::error_code error) {
    if (!error) close_all();
  });
  Effects effects;
  coordinator_.kill_all("the coordinator shuts down", now(), effects);
  carry_out(std::move(effects));
}

void FleetServer::close_all() {
  timer_.cancel();
  deadline_timer_.cancel();
  auto peers = std::exchange(peers_, {});
  for (auto& [id, p] : peers) {
    p->watch.release();
    p->channel.close();
  }
  lock_.release();
}

void FleetServer::arm_timer() {
  if (closing_) return;
  auto deadline = coordinator_.next_deadline();
  if (!deadline) {
    deadline_timer_.cancel();
    return;
  }
  deadline_timer_.expires_at(std::chrono::steady_clock::time_point(*deadline));
  deadline_timer_.async_wait([this](std::error_code error) {
    if (error) return;
    Effects effects;
    coordinator_.tick(now(), effects);
    carry_out(std::move(effects));
  });
}

/* --- effects --- */

void FleetServer::carry_out(Effects effects) {
  for (const Effect& e : effects) carry_out(e);
  arm_timer();
  if (closing_ && running_.empty()) asio::post(io_, [this] { close_all(); });
}

void FleetServer::carry_out(const Effect& e) {
  Peer* p = peer(e.peer);
  auto running = running_.find(e.program);
  const std::string ident = to_hex(e.program);
  auto to_guest = [&](const char* method) {
    if (p)
      send(*p, rpc::notification(
                   method,
                   rpc::Object().text("ident", ident).number("transaction", e.transaction).json()));
  };
  auto to_consumer = [&](const char* method) {
    if (p) send(*p, rpc::notification(method, outcome_json(e.guests.at(0), &ident)));
  };
  switch (e.kind) {
    case Effect::Prepare:
      if (p && running != running_.end())
        send(*p,
             rpc::notification("program.prepare", rpc::Object()
                                                      .text("ident", ident)
                                                      .number("transaction", e.transaction)
                                                      .number("fds", 2)
                                                      .json()),
             {running->second.object, running->second.segment});
      return;
    case Effect::Commit:
      return to_guest("program.commit");
    case Effect::Abort:
      return to_guest("program.abort");
    case Effect::Kill:
      return to_guest("program.kill");
    case Effect::Decide: { /* there is no journal yet */
      Effects more;
      coordinator_.decided(e.program, true, {}, now(), more);
      return carry_out(std::move(more));
    }
    case Effect::LogEnd:
    case Effect::Return:
    case Effect::Remake:
      return;
    case Effect::MarkLive:
      if (running != running_.end()) running->second.mark_live(e.vmid, e.guests.at(0));
      return;
    case Effect::MarkGone:
      if (running != running_.end()) running->second.mark_gone(e.vmid);
      return;
    case Effect::Committed:
    case Effect::Aborted: {
      const bool well = e.kind == Effect::Committed;
      spdlog::info("program {} {} ({} guests)", ident, well ? "is committed" : "was aborted",
                   e.guests.size());
      if (!p || !p->submits.count(e.program)) return;
      std::string id = p->submits[e.program];
      p->submits.erase(e.program);
      rpc::Object object;
      object.text("ident", ident).raw("guests", outcomes_json(e.guests));
      if (!well) object.text("reason", e.reason);
      std::string data = object.json();
      send(*p, well ? rpc::answer(id, data)
                    : rpc::failure(id, rpc::kAborted, abort_message(e.reason, e.guests), data));
      return;
    }
    case Effect::Joined:
      return to_consumer("guest.joined");
    case Effect::Gone:
      return to_consumer("guest.gone");
    case Effect::Refused:
      return to_consumer("guest.refused");
    case Effect::Ended:
      if (p && running != running_.end() && !running->second.awaits_end(e.peer))
        send(*p,
             rpc::notification("program.ended",
                               rpc::Object().text("ident", ident).text("reason", e.reason).json()));
      return;
    case Effect::Forget:
      if (running == running_.end()) return;
      spdlog::info("program {} has ended", ident);
      for (auto& [id, request] : running->second.kills)
        if (Peer* asker = peer(id))
          send(*asker, rpc::answer(request, rpc::Object().text("ident", ident).json()));
      running_.erase(running);
      return;
  }
}

}  // namespace hp
