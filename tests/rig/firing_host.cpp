/* A VMM that knows nothing of programs: it keeps each probe's last page and gives it to the guest that asks, so that
 * what hyprobe.ko filled in is checked by the program that caused it (tests/guest/module/firings.c).
 *
 *     firing_host KERNEL INITRAMFS DOORBELL CPUS
 *
 * A message of 4 bytes is a probe's id; the answer is struct firing_answer. Any other message comes back as it is.
 * Exits with 0 when the guest powered off. */
#include <poll.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>

#include "machine/console.hpp"
#include "machine/doorbells.hpp"
#include "machine/machine.hpp"
#include "virtio/mmio_transport.hpp"
#include "virtio/trace.hpp"
#include "vmm/host_probe.hpp"

namespace {

using namespace hp;

struct FiringAnswer { /* struct firing_answer */
  uint64_t count;
  hp_probe_page page;
};

class Port final : public vmm::TracePort {
 public:
  vmm::TraceLink* link = nullptr;

  int64_t fire(vmm::VcpuView& vcpu, const hp_probe_page* page) noexcept override {
    const std::lock_guard lock(mutex_);
    FiringAnswer& a = last_[page->probe];
    a.count++;
    a.page = *page;
    a.page.spare[0] = static_cast<uint8_t>(vcpu.number());
    return HP_RC_OK;
  }
  void message(std::span<const uint8_t> m) noexcept override {
    uint32_t id;
    if (m.size() != sizeof id) return send(m);
    std::memcpy(&id, m.data(), sizeof id);
    const std::lock_guard lock(mutex_);
    const FiringAnswer& a = last_[id];
    send({reinterpret_cast<const uint8_t*>(&a), sizeof a});
  }
  void reset() noexcept override { std::printf("trace device reset\n"); }
  bool wants_exits() const noexcept override { return true; }
  void exit(vmm::VcpuView&, uint32_t, std::string_view name) noexcept override {
    const std::lock_guard lock(mutex_);
    exits_[std::string(name)]++;
  }
  void print() {
    for (const auto& [name, count] : exits_)
      std::printf("exits %s %llu\n", name.c_str(), static_cast<unsigned long long>(count));
  }

 private:
  void send(std::span<const uint8_t> m) noexcept {
    if (!link->send(m)) std::printf("a message was not queued\n");
  }
  std::mutex mutex_;
  std::map<uint32_t, FiringAnswer> last_;
  std::map<std::string, uint64_t> exits_;
};

Result<int> run(char** argv) {
  const vmm::HostAbilities host = HP_TRY(vmm::probe_host());
  machine::MachineOptions o;
  o.kernel = argv[1];
  o.initramfs = argv[2];
  o.command_line = "console=ttyS0 reboot=k panic=-1 pci=off quiet";
  o.cpus = static_cast<uint32_t>(std::atoi(argv[4]));
  o.doorbells = HP_TRY(machine::choose_doorbells(argv[3], host));
  std::printf("doorbells %#x of %#x\n", o.doorbells, host.doorbells);

  Port port;
  auto console = HP_TRY(machine::Console::open("stdio"));
  auto machine = HP_TRY(machine::Machine::create(std::move(o), *console, &port));
  auto trace = HP_TRY(virtio::TraceDevice::create(port));
  port.link = trace.get();
  trace->set_vmid(17);
  const auto window = HP_TRY(machine->add_window());
  virtio::MmioTransport transport(machine->ram(), std::move(trace), *window.line,
                                  [](const std::string& s) { std::printf("%s\n", s.c_str()); });
  HP_TRYV(machine->attach(transport, window, {}));
  HP_TRYV(machine->start());
  console->start(machine->serial());
  machine::MachineState state;
  while ((state = machine->state()).kind != machine::MachineState::Ended) {
    pollfd fd{machine->fd(), POLLIN, 0};
    ::poll(&fd, 1, -1);
  }
  console->stop();
  transport.stop();
  port.print();
  std::printf("the guest %s %s\n", std::string(describe(state.end)).c_str(), state.message.c_str());
  return state.end == machine::MachineEnd::PowerOff ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  auto status = run(argv);
  if (!status) std::printf("%s\n", status.error().message.c_str());
  return status ? *status : 1;
}
