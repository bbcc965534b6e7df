/* FleetMember: a process guest's place in the fleet; the participant of `probevm exec`.
 *
 * Registers the guest with the coordinator, loads and enables what it is told to through the guest's
 * Supervisor, and comes back by itself when the coordinator restarts. While it is away, committed
 * programs go on running, until their consumer is seen to be done (its segment says DEAD, or its
 * process is gone).
 *
 *     FleetMember member({"web1", "host", "Linux-6.1", socket_path});
 *     HP_TRYV(member.register_now(2000ms));     before the guest starts: gives the vmid
 *     member.attach(*supervisor);               then programs can be enabled
 *     loop: poll {member.fd(), member.poll_events()} for member.timeout_ms(); member.dispatch();
 *           resume the paused guest once member.settled()
 *
 * Threading: one thread at a time. */
#pragma once
#include <chrono>
#include <map>
#include <memory>
#include <string>

#include "guest/supervisor.hpp"
#include "host/fleet_channel.hpp"
#include "transport/participant.hpp"

namespace hp {

struct MemberOptions {
  std::string name, hostname, osversion;
  std::string socket_path;
};

class FleetMember final : private ProgramHost {
 public:
  explicit FleetMember(MemberOptions);
  ~FleetMember() override;

  /* Connects and registers. Fails when no coordinator answers (reachable() is false then: it will be
   * tried again from dispatch()) or when it refuses the guest. */
  Result<> register_now(std::chrono::milliseconds limit);
  bool reachable() const { return !channel_closed(); }
  /* 0 while not registered. */
  uint32_t vmid() const { return vmid_; }
  void attach(guest::Supervisor&);

  int fd() const;
  short poll_events() const;
  /* For poll(2): until the next attempt to reconnect; -1 when there is none to make. */
  int timeout_ms() const;
  void dispatch();
  /* Everything that ran in the fleet when the guest registered is enabled here, or was refused. */
  bool settled() const;
  /* How often a process of the guest could not load a program, since this was asked last. */
  uint64_t new_load_failures();

 private:
  using Clock = std::chrono::steady_clock;
  struct Loaded {
    FleetChannel::SharedFd object, segment;
    guest::SyscallMask mask;
    uint32_t slot = 0;
  };
  Result<uint32_t> load(const ProgramIdent&) override;
  void enable(const ProgramIdent&) override;
  void unload(const ProgramIdent&) override;

  bool channel_closed() const { return !channel_ || channel_->closed(); }
  Result<> connect();
  void lost();
  void reconnect();
  void drop_orphans();
  void serve();
  void handle(FleetChannel::Incoming);
  void answer(const ProgramIdent&, const ParticipantAnswer&);

  MemberOptions options_;
  Participant participant_{*this};
  guest::Supervisor* supervisor_ = nullptr;
  std::unique_ptr<FleetChannel> channel_;
  std::map<ProgramIdent, Loaded> programs_;
  std::vector<FleetChannel::Incoming> waiting_; /* until attach */
  bool registered_ = false;
  std::string refusal_;
  uint32_t vmid_ = 0;
  uint64_t load_failures_ = 0;
  uint32_t pending_ = 0, decided_ = 0;
  Clock::time_point retry_{};
  std::chrono::milliseconds backoff_{0};
};

}  // namespace hp
