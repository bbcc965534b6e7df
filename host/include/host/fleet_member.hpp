/* FleetMember: a guest's place in the fleet; the participant of `probevm exec` and `probevm run`.
 *
 * Registers the guest with the coordinator, has it load and enable what it is told to (ProgramHost: at once for
 * process guests, by and by for Linux guests), and comes back by itself when the coordinator restarts. While
 * that is away, committed programs go on running, until their consumer is seen to be done (its segment says
 * DEAD, or its process is gone; a detached program has none and stays). When it is back it is told what runs here,
 * and says go on or stop; it may ask for a segment, which it has lost.
 *
 *     FleetMember member({"web1", "host", "Linux-6.1"}, socket_path);      a process guest
 *     HP_TRYV(member.register_now(2000ms));     before the guest starts: gives the vmid
 *     member.attach(programs);                  then programs can be enabled
 *     loop: poll {member.fd(), member.poll_events()} for member.timeout_ms(); member.dispatch();
 *           resume the paused guest once member.settled()
 *
 *     FleetMember member({"web1"}, socket_path);                           a Linux guest
 *     member.attach(linux_guest);               which calls up(), down(), loaded(), enabled()
 *     loop: the same
 *
 * Threading: one thread at a time; the host's answers come on it too. */
#pragma once
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/fleet_channel.hpp"
#include "transport/control_protocol.hpp"
#include "transport/guest_description.hpp"
#include "transport/participant.hpp"

namespace hp {

class FleetMember final : public GuestListener {
 public:
  FleetMember(GuestDescription, std::string socket_path);
  ~FleetMember() override;

  /* Connects and registers. Fails when no coordinator answers (reachable() is false then: it will be
   * tried again from dispatch()) or when it refuses the guest. */
  Result<> register_now(std::chrono::milliseconds limit);
  bool reachable() const { return !channel_closed(); }
  /* 0 while it was never registered. */
  uint32_t vmid() const { return vmid_; }
  void attach(ProgramHost&);

  int fd() const;
  short poll_events() const;
  /* For poll(2): until the next attempt to reconnect, or to ask for a decision; -1 when there is none to make. */
  int timeout_ms() const;
  void dispatch();
  /* Everything that ran in the fleet when the guest registered is enabled here, or was refused. */
  bool settled() const;
  /* Why the coordinator does not take the guest, said once. */
  std::string new_refusal() { return std::exchange(new_refusal_, {}); }

  /* --- what a Linux guest says of itself --- */
  void up(const GuestDescription&) override;
  void down(const std::string& reason) override;
  void loaded(const ProgramIdent&, Result<uint32_t> probes) override;
  void enabled(const ProgramIdent&) override;

 private:
  using Clock = std::chrono::steady_clock;
  bool channel_closed() const { return !channel_ || channel_->closed(); }
  Result<> connect();
  void lost();
  void reconnect();
  void drop_orphans();
  void serve();
  void handle(FleetChannel::Incoming);
  void registered(const rpc::Fields&);
  void refused(const std::string& why);
  void prepare(const ProgramIdent&, Transaction, std::vector<Fd>);
  void return_segment(const ProgramIdent&);
  void remind();
  void answer(const ProgramIdent&, const ParticipantAnswer&);

  GuestDescription guest_;
  std::string socket_path_;
  ProgramHost* host_ = nullptr;
  std::optional<Participant> participant_; /* with the host */
  bool present_ = false;                   /* there is a guest to register */
  std::unique_ptr<FleetChannel> channel_;
  std::map<ProgramIdent, Fd> segments_;         /* of the programs that the host holds */
  std::vector<FleetChannel::Incoming> waiting_; /* until attach */
  control::Agreed agreed_;                      /* with the coordinator of this connection */
  bool registered_ = false;
  std::string refusal_, new_refusal_;
  uint32_t vmid_ = 0;
  uint32_t pending_ = 0, prepared_ = 0; /* programs announced at the registration, and met since */
  Clock::time_point retry_{}, remind_{};
  std::chrono::milliseconds backoff_{0};
};

}  // namespace hp
