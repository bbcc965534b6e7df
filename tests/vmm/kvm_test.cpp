#include "vmm/kvm.hpp"

#include <doctest/doctest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "vmm/page_table.hpp"

using namespace hp;
using namespace hp::vmm;

namespace {

bool have_kvm() {
  static const bool usable = access("/dev/kvm", R_OK | W_OK) == 0;
  if (!usable) {
    std::puts("SKIPPED: no usable /dev/kvm");
    std::exit(77);
  }
  return true;
}

/* 2 MiB at GPA 0 mapped one to one, user-accessible: tables from 0x1000, code at 0x10000. */
struct Guest {
  struct Memory {
    uint8_t* base;
    uint64_t next = 0x2000;
    uint64_t* at(Gpa g) const { return reinterpret_cast<uint64_t*>(base + g.value); }
    Gpa allocate() {
      next += kPageSize;
      return Gpa(next - kPageSize);
    }
    void write(uint64_t* entry, uint64_t value) { *entry = value; }
  };
  static constexpr uint64_t kSize = 2 << 20, kCode = 0x10000, kTss = 0x20000;

  explicit Guest(std::initializer_list<uint8_t> code) {
    auto kvm = Kvm::open();
    REQUIRE(kvm);
    auto made = kvm->create_vm();
    REQUIRE(made);
    vm = std::move(*made);
    memory = Mapping(
        mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), kSize);
    Memory tables{memory.as<uint8_t>()};
    PageTable<Memory> table(tables, Gpa(0x1000));
    REQUIRE(table.map(Gva(0), Gpa(0), kLargePageSize, kUser | kWritable));
    std::memcpy(memory.as<uint8_t>(kCode), std::data(code), code.size());
    uint16_t io_map = 104;
    std::memcpy(memory.as<uint8_t>(kTss) + 102, &io_map, 2);
    REQUIRE(vm->add_memslot(Gpa(0), kSize, Hva(reinterpret_cast<uint64_t>(memory.as<>()))));
    auto cpu = vm->create_vcpu();
    REQUIRE(cpu);
    vcpu = std::move(*cpu);
    REQUIRE(vcpu->set_system({.cr3 = Gpa(0x1000),
                              .gdt = Gva(0x30000),
                              .idt = Gva(0x31000),
                              .tss = Gva(kTss),
                              .gdt_limit = 0x7f,
                              .idt_limit = 0xfff,
                              .tss_limit = 104 + 32,
                              .syscall_entry = Gva(0),
                              .syscall_mask = 0,
                              .star = 0}));
    vcpu->regs() = {};
    vcpu->regs().rip = kCode;
    vcpu->regs().rsp = 0x40000;
    vcpu->regs().rflags = 0x202;
    vcpu->touch();
  }
  Mapping memory;
  std::unique_ptr<Vm> vm;
  std::unique_ptr<Vcpu> vcpu;
};

}  // namespace

TEST_CASE("an OUT at CPL3 comes back as a typed exit, and RAX goes in with the next run") {
  REQUIRE(have_kvm());
  /* mov $42,%ebx; out %al,$0x80; mov %rax,%rcx; out %al,$0x80 */
  Guest g{0xbb, 42, 0, 0, 0, 0xe6, 0x80, 0x48, 0x89, 0xc1, 0xe6, 0x80};
  Exit first = g.vcpu->run();
  auto* io = std::get_if<ExitIo>(&first);
  REQUIRE(io);
  CHECK(io->port == 0x80);
  CHECK(io->is_out);
  CHECK(io->size == 1);
  CHECK(g.vcpu->regs().rbx == 42);
  g.vcpu->regs().rax = 0x123456789abcdef0;
  g.vcpu->touch();
  Exit second = g.vcpu->run();
  REQUIRE(std::holds_alternative<ExitIo>(second));
  CHECK(g.vcpu->regs().rcx == 0x123456789abcdef0);
}

TEST_CASE("after finish_exit every register may be changed") {
  REQUIRE(have_kvm());
  Guest g{0xe6, 0x80, 0x0f, 0x0b, 0xe6, 0x80}; /* out; ud2; out */
  REQUIRE(std::holds_alternative<ExitIo>(g.vcpu->run()));
  g.vcpu->finish_exit();
  g.vcpu->regs().rip = Guest::kCode + 4;
  g.vcpu->regs().r15 = 7;
  g.vcpu->touch();
  REQUIRE(std::holds_alternative<ExitIo>(g.vcpu->run()));
  CHECK(g.vcpu->regs().r15 == 7);
}

TEST_CASE("an access that the host's protection refuses is a memory fault, and can be retried") {
  REQUIRE(have_kvm());
  Guest g{0x48, 0x89, 0x03, 0xe6, 0x80}; /* mov %rax,(%rbx); out */
  void* page = g.memory.as<uint8_t>(0x50000);
  REQUIRE(mprotect(page, kPageSize, PROT_READ) == 0);
  g.vcpu->regs().rbx = 0x50008;
  g.vcpu->regs().rax = 99;
  g.vcpu->touch();
  Exit exit = g.vcpu->run();
  auto* fault = std::get_if<ExitMemoryFault>(&exit);
  REQUIRE(fault);
  if (fault->known) CHECK((fault->gpa & ~4095ull) == 0x50000);
  CHECK(g.vcpu->regs().rip == Guest::kCode);
  REQUIRE(mprotect(page, kPageSize, PROT_READ | PROT_WRITE) == 0);
  REQUIRE(std::holds_alternative<ExitIo>(g.vcpu->run()));
  CHECK(*g.memory.as<uint64_t>(0x50008) == 99);
}

TEST_CASE("request_exit stops a guest that never exits, before it starts and until it is cleared") {
  REQUIRE(have_kvm());
  Guest g{0xeb, 0xfe}; /* jmp . */
  g.vcpu->request_exit();
  CHECK(std::holds_alternative<ExitInterrupted>(g.vcpu->run()));
  CHECK(std::holds_alternative<ExitInterrupted>(g.vcpu->run()));
}

TEST_CASE("segment bases and extended state survive a round trip") {
  REQUIRE(have_kvm());
  Guest g{0x0f, 0x28, 0xc8, 0xe6, 0x80}; /* movaps %xmm0,%xmm1; out */
  g.vcpu->set_fs_base(0x1234'5678'9000);
  g.vcpu->set_gs_base(0x2000);
  std::vector<uint8_t> area(g.vm->xstate_size());
  g.vcpu->get_xstate(area.data());
  std::memcpy(area.data() + 160, "sixteen bytes ok", 16); /* XMM0 */
  uint64_t features = 3;
  std::memcpy(area.data() + 512, &features, 8);
  uint32_t mxcsr = 0x1f80;
  std::memcpy(area.data() + 24, &mxcsr, 4);
  REQUIRE(g.vcpu->set_xstate(area.data()));
  REQUIRE(std::holds_alternative<ExitIo>(g.vcpu->run()));
  CHECK(g.vcpu->fs_base() == 0x1234'5678'9000);
  CHECK(g.vcpu->gs_base() == 0x2000);
  g.vcpu->get_xstate(area.data());
  CHECK(std::memcmp(area.data() + 176, "sixteen bytes ok", 16) == 0); /* XMM1 */
}
