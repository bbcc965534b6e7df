#include "guest_machine.hpp"

#include <unistd.h>

#include "machine/doorbells.hpp"

namespace hp {

namespace {

/* The serial console from the first message on; a reboot through the keyboard controller, which always works; a
 * panic resets at once. quiet: each character on the serial port is an exit. */
constexpr std::string_view kCommandLine = "console=ttyS0 reboot=k panic=-1 pci=off quiet";

Result<vmm::HostAbilities> find_abilities() {
  if (::access("/dev/kvm", F_OK) != 0)
    return fail("/dev/kvm is missing: load kvm_intel or kvm_amd, or enable virtualisation");
  const vmm::HostAbilities host = HP_TRY(vmm::probe_host_cached("/run"));
  if (host.syscall_at_cpl3)
    return fail(
        "Linux guests do not run on this host: its KVM has neither VMX nor SVM (it interprets "
        "the guest's kernel); process guests do, see probevm exec");
  return host;
}

}  // namespace

Result<std::unique_ptr<GuestMachine>> GuestMachine::create(const RunConfig& config,
                                                           vmm::TracePort* port) {
  const vmm::HostAbilities host = HP_TRY(find_abilities());
  machine::MachineOptions o;
  o.kernel = config.kernel;
  o.initramfs = config.initramfs;
  o.command_line = std::string(kCommandLine);
  if (!config.cmdline.empty()) o.command_line += " " + config.cmdline;
  o.cpus = static_cast<uint32_t>(config.cpus);
  o.memory = HP_TRY(parse_memory(config.memory));
  o.restart = config.on_reboot == "restart";
  o.doorbells = HP_TRY(machine::choose_doorbells(config.doorbell, host));

  std::unique_ptr<GuestMachine> g(new GuestMachine());
  g->console_ = HP_TRY(machine::Console::open(config.console));
  g->machine_ = HP_TRY(machine::Machine::create(std::move(o), *g->console_, port));
  return g;
}

Result<> GuestMachine::start() {
  HP_TRYV(machine_->start());
  console_->start(machine_->serial());
  return {};
}

/* The machine first, then what it uses; the console's last words come after both. */
GuestMachine::~GuestMachine() {
  if (console_) console_->stop();
  machine_.reset();
}

}  // namespace hp
