#include "machine/machine.hpp"

#include <signal.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>

#include <array>
#include <chrono>
#include <deque>
#include <thread>

#include "machine/acpi.hpp"
#include "machine/linux_boot.hpp"
#include "machine/platform.hpp"
#include "vm.hpp"

namespace hp::machine {

namespace {

using Clock = std::chrono::steady_clock;

/* A kernel that panicked resets at once (panic=-1), or never (panic=0). */
constexpr auto kPanicGrace = std::chrono::seconds(5);
constexpr size_t kMaxInitramfs = 2ull << 30;
constexpr uint64_t kFirstWindow = 0xd0000000;
/* Pins that nothing else on this PC uses: the IOAPIC's own, then free ones of the ISA bus. */
constexpr std::array<uint32_t, Machine::kMaxWindows> kWindowPins = {16, 17, 18, 19, 20, 21, 22,
                                                                    23, 5,  6,  7,  10, 11, 12};

class KvmMachine final : public Machine {
 public:
  KvmMachine(MachineOptions o, Vm vm, vmm::GuestRam ram, Serial::Sink& sink, vmm::TracePort* port)
      : options_(std::move(o)),
        vm_(std::move(vm)),
        ram_(std::move(ram)),
        serial_line_(vm_.fd(), kPinSerial),
        sci_line_(vm_.fd(), kPinSci),
        serial_(sink, serial_line_),
        power_(sci_line_, events_),
        environment_{ram_, ports_, memory_, port, control_} {}
  ~KvmMachine() override { halt(); }
  Result<> wire();

  const vmm::GuestRam& ram() const override { return ram_; }
  Serial& serial() override { return serial_; }
  Result<Window> add_window() override;
  Result<> attach(vmm::Device&, const Window&, Notify) override;
  Result<> start() override;
  int fd() const override { return changed_fd_.get(); }
  MachineState state() override;
  void pause() override;
  void resume() override;
  bool press_power_button() override;
  void kill() override { end_life(MachineEnd::Killed, {}); }
  void halt() override;

 private:
  Result<> boot();
  void live();
  void run_vcpus();
  MachineEnd await_end();
  bool start_again(MachineEnd);
  void end_life(MachineEnd, const std::string& message);
  void on_event(GuestEvent);
  void kick_all(); /* under mutex_ */
  void tell() const;

  const MachineOptions options_;
  Vm vm_;
  vmm::GuestRam ram_;
  const GuestEvents events_ = [this](GuestEvent e) { on_event(e); };
  IoApicLine serial_line_, sci_line_;
  Serial serial_;
  PowerManagement power_;
  ResetPort keyboard_{ResetPort::Keyboard, events_}, reset_{ResetPort::Control, events_};
  Pvpanic pvpanic_{events_};
  Cmos cmos_;
  Bus ports_, memory_;
  std::deque<IoApicLine> window_lines_;
  AcpiOptions acpi_;
  std::vector<vmm::Device*> devices_; /* all that are to be reset */
  RunControl control_;
  VcpuEnvironment environment_;
  Fd changed_fd_;
  std::thread life_;

  std::mutex mutex_; /* of what follows */
  std::condition_variable wake_;
  MachineState state_;
  MachineEnd end_ = MachineEnd::None; /* of this life */
  std::string message_;
  bool panicked_ = false;
  bool killed_ = false; /* somebody asked for it; it stays */
  Clock::time_point panic_limit_;
  std::vector<std::thread> threads_;
};

Result<> KvmMachine::wire() {
  changed_fd_ = Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!changed_fd_) return fail_errno("eventfd");
  HP_TRYV(ports_.add(serial_, kPortSerial, Serial::kSize));
  HP_TRYV(ports_.add(power_, kPortPm, PowerManagement::kSize));
  HP_TRYV(ports_.add(keyboard_, 0x64, 1));
  HP_TRYV(ports_.add(reset_, kPortReset, 1));
  HP_TRYV(ports_.add(pvpanic_, kPortPvpanic, 1));
  HP_TRYV(ports_.add(cmos_, 0x70, Cmos::kSize));
  devices_ = {&serial_, &power_};
  acpi_.cpus = options_.cpus;
  return {};
}

void KvmMachine::halt() {
  end_life(MachineEnd::Killed, {});
  if (life_.joinable()) life_.join();
}

Result<Machine::Window> KvmMachine::add_window() {
  const size_t n = acpi_.devices.size();
  if (n == kMaxWindows)
    return fail("a machine has room for " + std::to_string(kMaxWindows) + " virtio devices");
  const Gpa base(kFirstWindow + n * kWindowSize);
  window_lines_.emplace_back(vm_.fd(), kWindowPins.at(n));
  acpi_.devices.push_back({base, kWindowSize, kWindowPins.at(n)});
  return Window{base, kWindowSize, &window_lines_.back()};
}

Result<> KvmMachine::attach(vmm::Device& device, const Window& window, Notify notify) {
  HP_TRYV(memory_.add(device, window.base.value, window.size));
  if (notify.fd >= 0) vm_.add_notification(window.base + notify.offset, notify.fd);
  devices_.push_back(&device);
  return {};
}

Result<> KvmMachine::boot() {
  HP_TRYV(vm_.make(ram_, options_.doorbells));
  const KernelImage kernel = HP_TRY(KernelImage::parse(HP_TRY(read_file(options_.kernel))));
  std::string initramfs;
  if (!options_.initramfs.empty()) initramfs = HP_TRY(read_file(options_.initramfs, kMaxInitramfs));
  HP_TRYV(write_boot_state(ram_, {&kernel, initramfs, options_.command_line}));
  const std::string tables = acpi_tables(acpi_, kAcpiStart);
  HP_CHECK(tables.size() <= kAcpiEnd - kAcpiStart &&
           ram_.write(kAcpiStart, tables.data(), tables.size()));
  HP_TRYV(vm_.add_vcpus(options_.cpus, options_.doorbells, environment_));
  return vm_.set_boot_state(kernel.entry());
}

Result<> KvmMachine::start() {
  HP_TRYV(boot());
  Vcpu::install_kick_handler();
  state_.kind = MachineState::Running;
  /* Signals are for the threads that ask for them. */
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  life_ = std::thread([this] { live(); });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  tell();
  return {};
}

void KvmMachine::tell() const {
  const uint64_t one = 1;
  (void)!::write(changed_fd_.get(), &one, sizeof one);
}

MachineState KvmMachine::state() {
  uint64_t count;
  (void)!::read(changed_fd_.get(), &count, sizeof count);
  const std::lock_guard lock(mutex_);
  return state_;
}

/* The first reason counts; the vCPUs do not go on after it. Whatever it was, nothing follows a kill. */
void KvmMachine::end_life(MachineEnd end, const std::string& message) {
  {
    const std::lock_guard lock(mutex_);
    killed_ |= end == MachineEnd::Killed;
    if (end_ != MachineEnd::None) return;
    end_ = end;
    message_ = message;
    control_.give(RunControl::Return);
  }
  wake_.notify_all();
}

void KvmMachine::on_event(GuestEvent event) {
  if (event == GuestEvent::PowerOff) return end_life(MachineEnd::PowerOff, {});
  if (event == GuestEvent::Reset) return end_life(MachineEnd::Reset, {});
  {
    const std::lock_guard lock(mutex_);
    if (panicked_) return;
    panicked_ = true;
    panic_limit_ = Clock::now() + kPanicGrace;
  }
  wake_.notify_all();
}

void KvmMachine::run_vcpus() {
  const std::lock_guard lock(mutex_);
  for (auto& vcpu : vm_.vcpus())
    threads_.emplace_back([this, v = vcpu.get()] {
      ::pthread_setname_np(::pthread_self(), ("vcpu" + std::to_string(v->number())).c_str());
      sigset_t kick;
      ::sigemptyset(&kick);
      ::sigaddset(&kick, Vcpu::kick_signal());
      ::pthread_sigmask(SIG_UNBLOCK, &kick, nullptr);
      switch (v->run()) {
        case Vcpu::Ending::Told:
          break;
        case Vcpu::Ending::TripleFault:
          end_life(MachineEnd::TripleFault, {});
          break;
        case Vcpu::Ending::Failed:
          end_life(MachineEnd::Failed, v->failure());
          break;
      }
    });
}

void KvmMachine::kick_all() {
  for (size_t i = 0; i < threads_.size(); ++i) vm_.vcpus()[i]->kick(threads_[i].native_handle());
}

/* Until the guest's life is over and no vCPU runs. */
MachineEnd KvmMachine::await_end() {
  std::vector<std::thread> threads;
  std::unique_lock lock(mutex_);
  while (end_ == MachineEnd::None) {
    if (!panicked_) {
      wake_.wait(lock);
    } else if (wake_.wait_until(lock, panic_limit_) == std::cv_status::timeout &&
               end_ == MachineEnd::None) {
      end_ = MachineEnd::Panic;
      control_.give(RunControl::Return);
    }
  }
  kick_all();
  threads.swap(threads_);
  if (panicked_ && (end_ == MachineEnd::Reset || end_ == MachineEnd::TripleFault))
    end_ = MachineEnd::Panic;
  const MachineEnd end = end_;
  lock.unlock();
  for (std::thread& t : threads) t.join();
  return end;
}

/* Makes the machine as after power-on if that is what is to follow; false if this was its end. */
bool KvmMachine::start_again(MachineEnd end) {
  for (vmm::Device* d : devices_) d->reset();
  const bool resets =
      end == MachineEnd::Reset || end == MachineEnd::Panic || end == MachineEnd::TripleFault;
  if (!options_.restart || !resets) return false;
  vm_.vcpus().clear();
  for (const auto& r : ram_.regions()) ::madvise(r.host, r.size, MADV_DONTNEED);
  const auto booted = boot();
  const std::lock_guard lock(mutex_);
  if (killed_) { /* while the last life was ending */
    end_ = MachineEnd::Killed;
    return false;
  }
  if (!booted) {
    end_ = MachineEnd::Failed;
    message_ = "the guest cannot start again: " + booted.error().message;
    return false;
  }
  state_.end = end;
  ++state_.restarts;
  end_ = MachineEnd::None;
  panicked_ = false;
  control_.give(state_.kind == MachineState::Paused ? RunControl::Wait : RunControl::Run);
  return true;
}

void KvmMachine::live() {
  ::pthread_setname_np(::pthread_self(), "machine");
  for (;;) {
    run_vcpus();
    if (!start_again(await_end())) break;
    tell();
  }
  {
    const std::lock_guard lock(mutex_);
    state_.kind = MachineState::Ended;
    state_.end = end_;
    state_.message = message_;
  }
  tell();
}

void KvmMachine::pause() {
  {
    const std::lock_guard lock(mutex_);
    if (state_.kind != MachineState::Running || end_ == MachineEnd::Killed) return;
    state_.kind = MachineState::Paused;
    if (end_ == MachineEnd::None) control_.give(RunControl::Wait);
    kick_all();
  }
  control_.await_waiting(options_.cpus);
  tell();
}

void KvmMachine::resume() {
  {
    const std::lock_guard lock(mutex_);
    if (state_.kind != MachineState::Paused) return;
    state_.kind = MachineState::Running;
    /* So that the guest's watchdogs do not count the pause against it. */
    if (end_ == MachineEnd::None) {
      for (auto& v : vm_.vcpus()) ioctl(v->fd(), KVM_KVMCLOCK_CTRL, 0);
      control_.give(RunControl::Run);
    }
  }
  tell();
}

bool KvmMachine::press_power_button() {
  const bool heard = power_.button_heard();
  power_.press_power_button();
  return heard;
}

}  // namespace

std::string_view describe(MachineEnd end) {
  switch (end) {
    case MachineEnd::None:
      return "running";
    case MachineEnd::PowerOff:
      return "powered off";
    case MachineEnd::Reset:
      return "rebooted";
    case MachineEnd::Panic:
      return "panicked";
    case MachineEnd::TripleFault:
      return "reset by a triple fault";
    case MachineEnd::Killed:
      return "killed";
    case MachineEnd::Failed:
      return "failed";
  }
  return "";
}

Result<std::unique_ptr<Machine>> Machine::create(MachineOptions o, Serial::Sink& sink,
                                                 vmm::TracePort* port) {
  Vm vm = HP_TRY(Vm::open());
  const uint32_t most = std::min(254u, vm.max_vcpus());
  if (o.cpus == 0 || o.cpus > most)
    return fail("a machine has between 1 and " + std::to_string(most) + " CPUs here");
  vmm::GuestRam ram = HP_TRY(vmm::GuestRam::allocate(o.memory));
  auto machine =
      std::make_unique<KvmMachine>(std::move(o), std::move(vm), std::move(ram), sink, port);
  HP_TRYV(machine->wire());
  return std::unique_ptr<Machine>(std::move(machine));
}

}  // namespace hp::machine
