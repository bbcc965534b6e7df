/* GuestMachine: a Machine with everything that `probevm run` was asked to plug into it.
 *
 * Console, disks, network, randomness and the trace device, in the order in which they must be made and
 * unmade. What traces it is given as a TracePort; link() is the way back to the guest's agent.
 *
 *     auto guest = HP_TRY(GuestMachine::create(config, port));
 *     HP_TRYV(guest->machine().start());
 *
 * Threading: create and destroy on one thread; the machine is thread-safe. */
#pragma once
#include <memory>

#include "machine/console.hpp"
#include "machine/machine.hpp"
#include "run_config.hpp"
#include "virtio/mmio_transport.hpp"

namespace hp {

class GuestMachine {
 public:
  static Result<std::unique_ptr<GuestMachine>> create(const RunConfig&, vmm::TracePort* port);
  ~GuestMachine();

  machine::Machine& machine() { return *machine_; }
  machine::Console& console() { return *console_; }
  /* nullptr if there is no port. */
  vmm::TraceLink* link() { return link_; }
  Result<> start();

 private:
  GuestMachine() = default;
  Result<> plug_devices(const RunConfig&);
  Result<> plug(std::unique_ptr<virtio::VirtioDevice>);

  std::string name_;
  std::unique_ptr<machine::Console> console_;
  std::unique_ptr<machine::Machine> machine_;
  std::vector<std::unique_ptr<virtio::MmioTransport>>
      transports_; /* after halt(), before the RAM */
  vmm::TraceLink* link_ = nullptr;
};

}  // namespace hp
