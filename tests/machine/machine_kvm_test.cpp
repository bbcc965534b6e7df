/* A machine's life, with guests of a few instructions (guest_code.hpp): every way in which one ends, what its
 * doorbells answer, pause, restart. They run on any KVM; Linux is for the rig. */
#include <doctest/doctest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "guest_code.hpp"
#include "kernel_file.hpp"
#include "machine/machine.hpp"
#include "transport/abi.h"

using namespace hp;
using namespace hp::machine;

namespace {

void need_kvm() {
  if (access("/dev/kvm", R_OK | W_OK) == 0) return;
  std::puts("SKIPPED: no usable /dev/kvm");
  std::exit(77);
}

class Recorder final : public Serial::Sink {
 public:
  void put(char c) noexcept override {
    const std::lock_guard lock(mutex_);
    text_ += c;
    changed_.notify_all();
  }
  bool has_room() const noexcept override { return true; }
  std::string text() {
    const std::lock_guard lock(mutex_);
    return text_;
  }
  void await(const std::string& text) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return text_ == text; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string text_;
};

/* Counts firings, and answers with the number that the page holds. */
class Port final : public vmm::TracePort {
 public:
  int64_t fire(vmm::VcpuView& vcpu, const hp_probe_page* page) noexcept override {
    fired++;
    paging = vcpu.paging();
    return static_cast<int64_t>(page->probe);
  }
  void message(std::span<const uint8_t>) noexcept override {}
  void reset() noexcept override {}
  bool wants_exits() const noexcept override { return true; }
  void exit(vmm::VcpuView&, uint32_t, std::string_view name) noexcept override {
    exits.emplace(name);
  }
  int fired = 0;
  vmm::VcpuView::Paging paging{};
  std::set<std::string> exits;
};

struct Fixture {
  explicit Fixture(std::string_view code, bool restart = false, vmm::TracePort* port = nullptr,
                   uint32_t cpus = 1) {
    need_kvm();
    char name[] = "/tmp/hyprobe-machine-XXXXXX";
    REQUIRE(mkdtemp(name));
    directory = name;
    std::ofstream(directory + "/vmlinux") << test::vmlinux(code);
    auto made = Machine::create({.kernel = directory + "/vmlinux",
                                 .cpus = cpus,
                                 .memory = 64 << 20,
                                 .doorbells = HP_DOORBELL_OUT,
                                 .restart = restart},
                                sink, port);
    REQUIRE_MESSAGE(made, made.error().message);
    machine = std::move(*made);
  }
  ~Fixture() {
    machine.reset();
    std::filesystem::remove_all(directory);
  }
  /* Runs until `done`, or until the machine has ended. */
  template <class Done>
  MachineState run(Done done) {
    REQUIRE(machine->start());
    return wait(done);
  }
  template <class Done>
  MachineState wait(Done done) {
    for (;;) {
      MachineState s = machine->state();
      if (s.kind == MachineState::Ended || done(s)) return s;
      pollfd p{machine->fd(), POLLIN, 0};
      poll(&p, 1, -1);
    }
  }
  MachineState run() {
    return run([](const MachineState&) { return false; });
  }
  uint64_t result(unsigned index = 0) const {
    return __atomic_load_n(
        reinterpret_cast<const uint64_t*>(machine->ram().at(Gpa(test::kResult), 4096)) + index,
        __ATOMIC_RELAXED);
  }
  std::string directory;
  Recorder sink;
  std::unique_ptr<Machine> machine;
};

}  // namespace

TEST_CASE("a guest prints on its serial port and powers off") {
  Fixture f(test::power_off_code());
  CHECK(f.run().end == MachineEnd::PowerOff);
  CHECK(f.sink.text() == "hi\n");
}

TEST_CASE(
    "resets by the keyboard controller and by the reset port end a machine that does not restart") {
  CHECK(Fixture(test::reset_code()).run().end == MachineEnd::Reset);
  CHECK(Fixture(test::reset_control_code()).run().end == MachineEnd::Reset);
}

TEST_CASE("a panic is told from the reset that follows it") {
  CHECK(Fixture(test::panic_code()).run().end == MachineEnd::Panic);
}

TEST_CASE("a triple fault is seen as one") {
  CHECK(Fixture(test::triple_fault_code()).run().end == MachineEnd::TripleFault);
}

TEST_CASE("a machine that restarts is as after power-on each time") {
  Fixture f(test::reset_code(), true);
  const MachineState s = f.run([](const MachineState& s) { return s.restarts >= 3; });
  CHECK(s.kind == MachineState::Running);
  CHECK(s.end == MachineEnd::Reset);
  f.machine->pause();
  CHECK(f.result() <= 1); /* it adds nothing up: memory is zero again */
  f.machine->kill();
  CHECK(f.wait([](const MachineState&) { return false; }).end == MachineEnd::Killed);
}

TEST_CASE("a kill is heard at whatever moment of a restart it comes") {
  for (uint64_t round = 0; round < 30; ++round) {
    Fixture f(test::reset_code(), true);
    f.run([&](const MachineState& s) { return s.restarts > round % 3; });
    f.machine->kill();
    CHECK(f.wait([](const MachineState&) { return false; }).end == MachineEnd::Killed);
  }
}

TEST_CASE("nothing runs while a machine is paused") {
  Fixture f(test::count_code());
  REQUIRE(f.machine->start());
  while (f.result() == 0) std::this_thread::yield();
  f.machine->pause();
  CHECK(f.machine->state().kind == MachineState::Paused);
  const uint64_t then = f.result();
  for (int i = 0; i < 1000; ++i) std::this_thread::yield();
  CHECK(f.result() == then);
  f.machine->resume();
  while (f.result() == then) std::this_thread::yield();
  CHECK(f.machine->state().kind == MachineState::Running);
  f.machine->kill();
  CHECK(f.wait([](const MachineState&) { return false; }).end == MachineEnd::Killed);
}

TEST_CASE("a machine whose other CPUs never started pauses and ends") {
  Fixture f(test::count_code(), false, nullptr, 3);
  REQUIRE(f.machine->start());
  while (f.result() == 0) std::this_thread::yield();
  f.machine->pause();
  f.machine->resume();
  f.machine->pause();
  f.machine->halt();
  CHECK(f.machine->state().end == MachineEnd::Killed);
}

TEST_CASE("what is typed reaches the guest") {
  Fixture f(test::echo_code());
  REQUIRE(f.machine->start());
  CHECK(f.machine->serial().receive("abc") == 3);
  f.sink.await("abc");
  CHECK(f.machine->serial().receive("q") == 1);
  CHECK(f.wait([](const MachineState&) { return false; }).end == MachineEnd::PowerOff);
}

TEST_CASE("doorbells answer what the ABI says, and fire with the registered page") {
  Port port;
  Fixture f(test::doorbell_code(), false, &port);
  hp_probe_page page{};
  page.probe = 4711;
  REQUIRE(f.machine->start());
  /* Written late, so that reading anything but the live page would show. */
  REQUIRE(f.machine->ram().write(Gpa(test::kPage), &page, sizeof page));
  CHECK(f.wait([](const MachineState&) { return false; }).end == MachineEnd::PowerOff);
  const auto answer = [&](unsigned i) { return static_cast<int64_t>(f.result(i)); };
  CHECK(answer(0) == HP_RC_INVALID);
  CHECK(answer(1) == HP_RC_INVALID);
  CHECK(answer(2) == HP_RC_INVALID);
  CHECK(answer(3) == HP_RC_INVALID);
  CHECK(answer(4) == HP_RC_OK);
  CHECK((answer(5) == 4711 || answer(5) == 0)); /* 0: it fired before the page was written */
  CHECK(answer(6) == HP_RC_UNKNOWN);
  CHECK(answer(7) == HP_RC_OK);
  CHECK(answer(8) == HP_RC_INVALID);
  CHECK(port.fired == 1);
  CHECK((port.paging.cr0 & 0x80000001) == 0x80000001);
  CHECK(port.paging.cr3 == 0x9000);
  CHECK((port.paging.efer & 0x400) != 0);
  CHECK(port.exits == std::set<std::string>{"io"});
}

TEST_CASE("an untraced machine knows no firing") {
  Fixture f(test::doorbell_code());
  CHECK(f.run().end == MachineEnd::PowerOff);
  CHECK(static_cast<int64_t>(f.result(4)) == HP_RC_OK);
  CHECK(static_cast<int64_t>(f.result(5)) == HP_RC_UNKNOWN);
}

TEST_CASE("a device answers in its window, nobody beside it") {
  class Card final : public vmm::Device {
   public:
    std::string_view name() const override { return "card"; }
    void read(uint64_t offset, uint8_t* data, unsigned size) noexcept override {
      std::memset(data, offset == 0 ? 0x5a : 0, size);
    }
    void write(uint64_t offset, const uint8_t* data, unsigned size) noexcept override {
      at = offset;
      std::memcpy(&value, data, size);
    }
    void reset() noexcept override { resets++; }
    uint64_t at = 0, value = 0;
    int resets = 0;
  } card;
  SUBCASE("by its registers") {
    Fixture f(test::devices_code());
    auto window = f.machine->add_window();
    REQUIRE(window);
    REQUIRE(f.machine->attach(card, *window, {}));
    CHECK(f.run().end == MachineEnd::PowerOff);
    CHECK(f.result(0) == 0x5a5a5a5a);
    CHECK(f.result(1) == 0xffffffff);
    CHECK(f.result(2) == 0xffffffff);
    CHECK(card.at == 8);
    CHECK(card.value == 0x1234);
    f.machine->halt();
    CHECK(card.resets == 1);
  }
  SUBCASE("by an eventfd") {
    Fixture f(test::devices_code());
    Fd event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    auto window = f.machine->add_window();
    REQUIRE(window);
    REQUIRE(f.machine->attach(card, *window, {event.get(), 8}));
    /* Notifications belong to a VM, and start() makes it anew. */
    CHECK(f.run().end == MachineEnd::PowerOff);
    uint64_t count = 0;
    CHECK(::read(event.get(), &count, sizeof count) == sizeof count);
    CHECK(count == 1);
    CHECK(card.value == 0);
  }
}

TEST_CASE("windows are limited, distinct and refused when they overlap") {
  need_kvm();
  Fixture f(test::power_off_code());
  std::set<uint64_t> bases;
  for (size_t i = 0; i < Machine::kMaxWindows; ++i) {
    auto window = f.machine->add_window();
    REQUIRE(window);
    bases.insert(window->base.value);
  }
  CHECK(bases.size() == Machine::kMaxWindows);
  CHECK_FALSE(f.machine->add_window());
}

TEST_CASE("a kernel that is none is refused with its name or its defect") {
  need_kvm();
  Recorder sink;
  auto machine = Machine::create({.kernel = "/nonexistent/vmlinuz", .memory = 64 << 20}, sink);
  REQUIRE(machine);
  auto started = (*machine)->start();
  REQUIRE_FALSE(started);
  CHECK(started.error().message.find("/nonexistent/vmlinuz") != std::string::npos);
  CHECK((*machine)->state().kind == MachineState::Created);
}
