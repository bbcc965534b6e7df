/* The machine's own logic against an engine that records what it is asked for; no KVM. */
#include "machine.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <vector>

using namespace hp;
using namespace hp::guest;

namespace {

struct Record {
  struct Memslot {
    uint64_t gpa, size, hva;
  };
  std::vector<Memslot> memslots;
  unsigned vms = 0, vcpus = 0, abandoned = 0;
  size_t memslot_limit = ~size_t{0};
  unsigned syscall_cpl = 3;
  std::vector<vmm::SystemState> systems;
};

class FakeVcpu final : public vmm::Vcpu {
 public:
  explicit FakeVcpu(Record& r) : record_(r) {
    regs_ = &registers_;
    exit_request_ = &request_;
  }
  vmm::Exit run() override {
    registers_.rbx = __builtin_ia32_rdtsc();
    return vmm::ExitIo{HP_PORT_LEARN, 1, true, nullptr};
  }
  void touch() override {}
  void finish_exit() override { ++finished; }
  Result<> set_system(const vmm::SystemState& s) override {
    record_.systems.push_back(s);
    return {};
  }
  void enter_user_segments() override { ++user_segments; }
  unsigned cpl() override { return record_.syscall_cpl; }
  uint64_t fs_base() override { return 0; }
  uint64_t gs_base() override { return 0; }
  void set_fs_base(uint64_t) override {}
  void set_gs_base(uint64_t) override {}
  void set_syscall_entry(Gva v) override { entry = v; }
  void get_xstate(void*) override {}
  bool set_xstate(const void*) override { return true; }
  uint64_t cr2() override { return 0; }

  Gva entry;
  int finished = 0, user_segments = 0;

 private:
  Record& record_;
  vmm::Registers registers_{};
  uint8_t request_ = 0;
};

class FakeVm final : public vmm::Vm {
 public:
  explicit FakeVm(Record& r) : record_(r) { ++r.vms; }
  Result<> add_memslot(Gpa gpa, uint64_t size, Hva hva) override {
    if (record_.memslots.size() >= record_.memslot_limit) return fail("no more", ENOSPC);
    record_.memslots.push_back({gpa.value, size, hva.value});
    return {};
  }
  Result<std::unique_ptr<vmm::Vcpu>> create_vcpu() override {
    ++record_.vcpus;
    return std::unique_ptr<vmm::Vcpu>(new FakeVcpu(record_));
  }
  unsigned max_vcpus() const override { return 3; }
  uint32_t xstate_size() const override { return 4096; }
  uint64_t xcr0() const override { return 7; }
  int fd() const override { return -1; }
  void abandon(bool) override { ++record_.abandoned; }

 private:
  Record& record_;
};

std::unique_ptr<Machine> make(Record& r) {
  auto m = Machine::create(
      [&r]() -> Result<std::unique_ptr<vmm::Vm>> { return std::make_unique<FakeVm>(r); });
  REQUIRE(m);
  return std::move(*m);
}

FakeVcpu& fake(GuestCpu* cpu) {
  return static_cast<FakeVcpu&>(*cpu->vcpu);
}

}  // namespace

TEST_CASE("windows are made once each, aligned, with guest-physical addresses in sequence") {
  Record r;
  auto m = make(r);
  size_t base = r.memslots.size();
  REQUIRE(m->add_window(Gva(0x5600'0000'1234)));
  REQUIRE(m->add_window(Gva(0x5600'03ff'ffff))); /* the same one */
  REQUIRE(m->add_window(Gva(0x6fff'ffff'e000)));
  REQUIRE(r.memslots.size() == base + 2);
  const auto &a = r.memslots[base], &b = r.memslots[base + 1];
  CHECK(a.hva == 0x5600'0000'0000);
  CHECK(a.size == kWindowSize);
  CHECK(b.hva == 0x6fff'fc00'0000);
  CHECK(b.gpa == a.gpa + kWindowSize);
  Gva va;
  REQUIRE(m->window_address(Gpa(b.gpa + 0x5000), va));
  CHECK(va == Gva(0x6fff'fc00'5000));
  CHECK_FALSE(m->window_address(Gpa(b.gpa + kWindowSize), va));
  CHECK_FALSE(m->window_address(Gpa(0x1000), va));
}

TEST_CASE("memslots never overlap in guest-physical memory") {
  Record r;
  auto m = make(r);
  for (uint64_t i = 0; i < 40; ++i) REQUIRE(m->add_window(Gva(0x1'0000'0000 * (i + 1))));
  for (size_t i = 0; i < r.memslots.size(); ++i)
    for (size_t j = 0; j < i; ++j) {
      bool apart = r.memslots[i].gpa >= r.memslots[j].gpa + r.memslots[j].size ||
                   r.memslots[j].gpa >= r.memslots[i].gpa + r.memslots[i].size;
      CHECK(apart);
    }
}

TEST_CASE("a window that the engine refuses is an error, and not remembered") {
  Record r;
  auto m = make(r);
  r.memslot_limit = r.memslots.size();
  CHECK_FALSE(m->add_window(Gva(0x40'0000)));
  r.memslot_limit = ~size_t{0};
  CHECK(m->add_window(Gva(0x40'0000)));
}

TEST_CASE("the first vCPU learns the gate, later ones use what it learnt") {
  Record r;
  SUBCASE("SYSCALL stays at CPL3") {
    r.syscall_cpl = 3;
  }
  SUBCASE("SYSCALL enters CPL0") {
    r.syscall_cpl = 0;
  }
  auto m = make(r);
  auto a = m->acquire();
  auto b = m->acquire();
  REQUIRE(a);
  REQUIRE(b);
  CHECK(m->gate_at_cpl0() == (r.syscall_cpl == 0));
  CHECK((*a)->index == 0);
  CHECK((*b)->gate_base == (*a)->gate_base + 8192);
  /* Both enter the same code of their own gate page. */
  CHECK(fake(*b).entry.value - (*b)->gate_base == fake(*a).entry.value - (*a)->gate_base);
  CHECK((*a)->slot != (*b)->slot);
  CHECK((*a)->tss != (*b)->tss);
}

TEST_CASE("vCPUs are reused, and the host's limit is an error that fork and clone can return") {
  Record r;
  auto m = make(r);
  auto a = m->acquire(), b = m->acquire(), c = m->acquire();
  REQUIRE(a);
  REQUIRE(b);
  REQUIRE(c);
  auto d = m->acquire();
  REQUIRE_FALSE(d);
  CHECK(d.error().code == EAGAIN);
  m->release(*b);
  auto e = m->acquire();
  REQUIRE(e);
  CHECK(*e == *b);
  CHECK(r.vcpus == 3);
  CHECK(fake(*e).finished > 0); /* a pending exit of its last thread is completed */
  CHECK(fake(*e).user_segments > 0);
}

TEST_CASE("the TSS lets CPL3 use the gate's ports and no other") {
  Record r;
  auto m = make(r);
  auto a = m->acquire();
  REQUIRE(a);
  const TssPage& page = *(*a)->tss;
  REQUIRE(r.systems.size() == 1);
  CHECK(r.systems[0].tss_limit == offsetof(TssPage, stack) - 1);
  for (unsigned port = 0; port < 8 * sizeof page.io_map; ++port) {
    bool allowed = !(page.io_map[port / 8] >> (port % 8) & 1);
    CHECK(allowed == (port == HP_PORT_DOORBELL || port == HP_PORT_LEARN));
  }
}

TEST_CASE("after a fork the child has a new VM, and its windows come back on demand") {
  Record r;
  auto m = make(r);
  REQUIRE(m->acquire());
  REQUIRE(m->add_window(Gva(0x5600'0000'0000)));
  size_t before = r.memslots.size();
  uint64_t first_gpa = r.memslots.back().gpa;
  REQUIRE(m->adopt_fork(false));
  CHECK(r.vms == 2);
  CHECK(r.abandoned == 1);
  size_t rebuilt = r.memslots.size();
  CHECK(rebuilt > before);
  REQUIRE(m->add_window(Gva(0x5600'0000'0000)));
  CHECK(r.memslots.size() == rebuilt + 1);
  CHECK(r.memslots.back().gpa == first_gpa);
  auto a = m->acquire();
  REQUIRE(a);
  CHECK((*a)->index == 0);
  CHECK((*a)->slot->claim == 0);
}

TEST_CASE("place tells a program from gate and exception stub, and finds the frame") {
  Record r;
  r.syscall_cpl = 0; /* in the exception stub */
  auto m = make(r);
  auto cpu = m->acquire();
  REQUIRE(cpu);
  ExceptionFrame* frame = nullptr;
  unsigned vector = 0;
  uint64_t error = 0;
  auto& regs = (*cpu)->vcpu->regs();
  regs.rip = 0x401000;
  CHECK(m->place(**cpu, &frame, &vector, &error) == Place::kUser);
  regs.rip = (*cpu)->gate_base + 64;
  CHECK(m->place(**cpu, &frame, &vector, &error) == Place::kGate);
  /* A page fault: error code below the frame. HLT is one byte, RIP after it. */
  uint64_t top = r.systems[0].tss.value + 4096;
  regs.rip = m->stub_base() + 14 * 16 + 1;
  regs.rsp = top - 48;
  auto* stack = reinterpret_cast<uint64_t*>(reinterpret_cast<uint8_t*>((*cpu)->tss) + 4096 - 48);
  stack[0] = 6;
  stack[1] = 0x1234;
  CHECK(m->place(**cpu, &frame, &vector, &error) == Place::kStub);
  CHECK(vector == 14);
  CHECK(error == 6);
  CHECK(frame->rip == 0x1234);
  /* A breakpoint has none. */
  regs.rip = m->stub_base() + 3 * 16 + 1;
  regs.rsp = top - 40;
  CHECK(m->place(**cpu, &frame, &vector, &error) == Place::kStub);
  CHECK(vector == 3);
  CHECK(error == 0);
  CHECK(frame->rip == 0x1234);
  /* A program that jumps into the stubs has no frame there: its stack is its own. */
  r.syscall_cpl = 3;
  regs.rsp = 0x10;
  CHECK(m->place(**cpu, &frame, &vector, &error) == Place::kUser);
}

TEST_CASE("enter_user changes segments only where the vCPU is not at CPL3 already") {
  Record r;
  auto m = make(r);
  auto cpu = m->acquire();
  REQUIRE(cpu);
  vmm::Registers to{};
  to.rip = 0x401000;
  to.rflags = 0x3246; /* IOPL must not get in */
  int before = fake(*cpu).user_segments;
  (*cpu)->vcpu->regs().rip = (*cpu)->gate_base;
  m->enter_user(**cpu, to);
  CHECK(fake(*cpu).user_segments == before);
  CHECK((*cpu)->vcpu->regs().rip == 0x401000);
  CHECK((*cpu)->vcpu->regs().rflags == 0x246);
  (*cpu)->vcpu->regs().rip = m->stub_base() + 1;
  m->enter_user(**cpu, to);
  CHECK(fake(*cpu).user_segments == before + 1);
}
