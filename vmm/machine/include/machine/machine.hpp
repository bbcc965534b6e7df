/* Machine: a PC in KVM that boots Linux, and its life from power-on to the end.
 *
 *     auto machine = HP_TRY(Machine::create(options, sink, port));
 *     auto window = HP_TRY(machine->add_window());           for each virtio device, before start()
 *     Block disk(machine->ram(), *window.line, ...);
 *     HP_TRYV(machine->attach(disk, window, {}));
 *     HP_TRYV(machine->start());
 *     poll machine->fd(); look at machine->state()
 *
 * In the kernel: local APICs, IOAPIC, PIC, PIT, kvmclock. Here: serial port, ACPI registers, resets, pvpanic
 * (platform.hpp), the trace doorbells (abi.h), and whatever is attached. One thread per vCPU and one that
 * lives the machine's life: it boots it, waits for what ends it, and boots it again if it is to restart.
 *
 * Restart is a new VM over the same memory, zeroed, with kernel and initramfs read again: nothing of the old
 * guest is left. Devices and interrupt lines stay valid.
 *
 * Threading: everything after start() is thread-safe. The destructor ends the guest. */
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "machine/serial.hpp"
#include "vmm/guest_ram.hpp"
#include "vmm/trace_port.hpp"

namespace hp::machine {

struct MachineOptions {
  std::string kernel, initramfs; /* files; no initramfs if empty */
  std::string command_line;
  uint32_t cpus = 1;              /* 1 to 254 */
  uint64_t memory = 256ull << 20; /* bytes, as GuestRam::allocate() takes them */
  uint32_t doorbells = 0;         /* HP_DOORBELL_*, of choose_doorbells() */
  bool restart = false;           /* what resets the machine starts it anew */
};

/* Why a life of the guest ended. */
enum class MachineEnd {
  None,
  PowerOff,    /* ACPI S5 */
  Reset,       /* reboot */
  Panic,       /* its kernel panicked (pvpanic), whether or not it then reset */
  TripleFault, /* also a reset on a PC; reboot=t does it */
  Killed,      /* kill() */
  Failed,      /* KVM cannot go on: state().message */
};
/* "powered off", "rebooted", ... */
std::string_view describe(MachineEnd);

struct MachineState {
  enum Kind { Created, Running, Paused, Ended } kind = Created;
  MachineEnd end = MachineEnd::None; /* of the life that ended last */
  std::string message;               /* Failed: what KVM said */
  uint64_t restarts = 0;
};

class Machine {
 public:
  /* Addresses and an interrupt line for one virtio-mmio device, which ACPI tells the guest of. */
  struct Window {
    Gpa base;
    uint64_t size;
    vmm::InterruptLine* line; /* the machine's */
  };
  static constexpr uint64_t kWindowSize = 0x1000;
  static constexpr size_t kMaxWindows = 14;

  /* Opens /dev/kvm and reserves the memory; the VM is made by start(). sink: the serial port's; port: where probes go, or
   * nullptr: firing answers HP_RC_UNKNOWN. Both outlive the machine. */
  static Result<std::unique_ptr<Machine>> create(MachineOptions, Serial::Sink& sink,
                                                 vmm::TracePort* port = nullptr);
  virtual ~Machine() = default;

  virtual const vmm::GuestRam& ram() const = 0;
  virtual Serial& serial() = 0;
  virtual Result<Window> add_window() = 0;
  /* A write of 4 bytes at `offset` adds 1 to the eventfd `fd`, inside KVM, instead of reaching the device. */
  struct Notify {
    int fd = -1; /* none */
    uint64_t offset = 0;
  };
  /* Not owned; stays until halt(). */
  virtual Result<> attach(vmm::Device&, const Window&, Notify) = 0;

  /* Reads kernel and initramfs, boots, runs. */
  virtual Result<> start() = 0;
  /* Readable when state() may have changed, until it is asked. */
  virtual int fd() const = 0;
  virtual MachineState state() = 0;

  /* Returns when no vCPU runs. Devices finish what was begun. */
  virtual void pause() = 0;
  virtual void resume() = 0;
  /* Asks the guest to power off. False: its kernel does not listen (no driver for the button yet). */
  virtual bool press_power_button() = 0;
  virtual void kill() = 0;
  /* kill(), and returns when nothing of the machine runs and no device is called any more. */
  virtual void halt() = 0;
};

}  // namespace hp::machine
