/* GuestMember: a machine's guest as the fleet sees it, for `probevm run`: LinuxGuest and FleetMember, and the port
 * through which the machine reaches them.
 *
 *     GuestMember member(config);                                    the port is there before the machine
 *     auto guest = HP_TRY(GuestMachine::create(config, &member.port()));
 *     HP_TRYV(member.open(guest->machine().ram(), *guest->link()));  and the guest before it starts
 *     loop: poll(member.poll_fds()) for member.timeout_ms(); member.dispatch();
 *     guest->machine().halt(); member.close();                       while there is RAM
 *
 * Threading: the owner's thread; the port as vmm::TracePort says. */
#pragma once
#include <poll.h>

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "host/fleet_member.hpp"
#include "linux_guest/linux_guest.hpp"
#include "run_config.hpp"

namespace hp {

class GuestMember {
 public:
  explicit GuestMember(const RunConfig&);
  ~GuestMember() { close(); }

  vmm::TracePort& port() { return port_; }
  Result<> open(const vmm::GuestRam&, vmm::TraceLink&);
  /* The guest is gone: unregistered at once. */
  void close();

  std::array<pollfd, 2> poll_fds() const;
  int timeout_ms() const; /* -1: nothing to do at any time */
  void dispatch();

 private:
  /* Passes on to a LinuxGuest that comes after the machine and goes before it. */
  class Port final : public vmm::TracePort {
   public:
    void set(linux_guest::LinuxGuest* to);
    int64_t fire(vmm::VcpuView&, const hp_probe_page*) noexcept override;
    void message(std::span<const uint8_t>) noexcept override;
    void reset() noexcept override;
    bool wants_exits() const noexcept override;
    void exit(vmm::VcpuView&, uint32_t reason, std::string_view name) noexcept override;

   private:
    std::atomic<linux_guest::LinuxGuest*> to_{nullptr}; /* changes while no vCPU runs */
    std::mutex mutex_; /* of the device's calls, which may come when the guest has gone */
  };
  void say(const std::string& line) const;

  std::string name_, hostname_, socket_;
  bool registers_, requires_coordinator_;
  Port port_;
  std::unique_ptr<linux_guest::LinuxGuest> guest_;
  std::optional<FleetMember> member_;
};

}  // namespace hp
