#include "guest_machine.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "machine/doorbells.hpp"
#include "virtio/block.hpp"
#include "virtio/console.hpp"
#include "virtio/net.hpp"
#include "virtio/rng.hpp"
#include "virtio/trace.hpp"

namespace hp {

namespace {

/* The serial console from the first message on; a reboot through the keyboard controller, which always works; a
 * panic resets at once. quiet: each character on the serial port is an exit. */
constexpr std::string_view kCommandLine = "console=ttyS0 reboot=k panic=-1 pci=off quiet";

Result<vmm::HostAbilities> find_abilities() {
  if (::access("/dev/kvm", F_OK) != 0)
    return fail("/dev/kvm is missing: load kvm_intel or kvm_amd, or enable virtualisation");
  /* What was found is kept where only we can write; without such a place it is found anew. */
  const char* directory = ::geteuid() == 0 ? "/run" : std::getenv("XDG_RUNTIME_DIR");
  const vmm::HostAbilities host =
      HP_TRY(directory != nullptr ? vmm::probe_host_cached(directory) : vmm::probe_host());
  if (host.syscall_at_cpl3)
    return fail(
        "Linux guests do not run on this host: its KVM has neither VMX nor SVM (it interprets "
        "the guest's kernel); process guests do, see probevm exec");
  return host;
}

Result<machine::MachineOptions> options_of(const RunConfig& config,
                                           const vmm::HostAbilities& host) {
  machine::MachineOptions o;
  o.kernel = config.kernel;
  o.initramfs = config.initramfs;
  o.command_line = kCommandLine;
  if (!config.cmdline.empty()) o.command_line += " " + config.cmdline;
  o.cpus = static_cast<uint32_t>(config.cpus);
  o.memory = HP_TRY(parse_memory(config.memory));
  o.restart = config.on_reboot == "restart";
  o.doorbells = HP_TRY(machine::choose_doorbells(config.doorbell, host));
  return o;
}

}  // namespace

Result<std::unique_ptr<GuestMachine>> GuestMachine::create(const RunConfig& config,
                                                           vmm::TracePort* port) {
  const vmm::HostAbilities host = HP_TRY(find_abilities());
  std::unique_ptr<GuestMachine> g(new GuestMachine());
  g->name_ = config.name;
  g->console_ = HP_TRY(machine::Console::open(config.console));
  g->machine_ =
      HP_TRY(machine::Machine::create(HP_TRY(options_of(config, host)), *g->console_, port));
  /* The trace device first, so that it is found first; then in the order of /dev/vda, eth0, hvc0. */
  if (port != nullptr) {
    auto trace = HP_TRY(virtio::TraceDevice::create(*port));
    g->link_ = trace.get();
    HP_TRYV(g->plug(std::move(trace)));
  }
  HP_TRYV(g->plug_devices(config));
  return g;
}

Result<> GuestMachine::plug_devices(const RunConfig& config) {
  for (const std::string& disk : config.disks) {
    const DiskChoice choice = parse_disk(disk);
    HP_TRYV(plug(HP_TRY(virtio::BlockDevice::create(
        {.path = choice.path, .read_only = choice.read_only, .serial = {}}))));
  }
  unsigned number = 0;
  for (const std::string& net : config.nets) {
    const NetChoice choice = HP_TRY(parse_net(net));
    auto backend =
        HP_TRY(choice.tap ? virtio::open_tap(choice.where) : virtio::open_socket(choice.where));
    /* By its name the same at every start of the guest, another for each of its cards. */
    const std::string card = config.name + "/" + std::to_string(number++);
    const auto mac =
        choice.mac.empty() ? virtio::mac_of_name(card) : HP_TRY(virtio::parse_mac(choice.mac));
    HP_TRYV(plug(HP_TRY(virtio::NetDevice::create(std::move(backend), mac))));
  }
  if (config.rng) HP_TRYV(plug(HP_TRY(virtio::RngDevice::create())));
  if (!config.hvc.empty()) {
    auto ends = HP_TRY(config.hvc == "pty"     ? virtio::ConsoleEnds::pty()
                       : config.hvc == "stdio" ? virtio::ConsoleEnds::stdio()
                                               : virtio::ConsoleEnds::file(config.hvc.substr(5)));
    if (!ends.path.empty())
      std::fprintf(stderr, "probevm: %s: hvc0 is %s\n", name_.c_str(), ends.path.c_str());
    HP_TRYV(plug(HP_TRY(virtio::ConsoleDevice::create(std::move(ends)))));
  }
  return {};
}

Result<> GuestMachine::plug(std::unique_ptr<virtio::VirtioDevice> device) {
  const auto window = HP_TRY(machine_->add_window());
  auto log = [name = name_](const std::string& line) {
    std::fprintf(stderr, "probevm: %s: %s\n", name.c_str(), line.c_str());
  };
  transports_.push_back(std::make_unique<virtio::MmioTransport>(machine_->ram(), std::move(device),
                                                                *window.line, std::move(log)));
  virtio::MmioTransport& t = *transports_.back();
  return machine_->attach(t, window, {t.notify_fd(), virtio::MmioTransport::kQueueNotify});
}

Result<> GuestMachine::start() {
  HP_TRYV(machine_->start());
  console_->start(machine_->serial());
  return {};
}

/* No vCPU and no device's thread runs when what they use goes. */
GuestMachine::~GuestMachine() {
  if (machine_) machine_->halt();
  if (console_) console_->stop();
  transports_.clear();
  machine_.reset();
}

}  // namespace hp
