#include "machine.hpp"

#include <sys/auxv.h>
#include <sys/mman.h>
#include <x86intrin.h>

#include <cstring>

#include "host_maps.hpp"
#include "transport/descriptor_room.hpp"

extern "C" {
extern const char hp_gate_page[], hp_gate_page_end[], hp_gate_trampoline[], hp_gate_learn[];
extern const char hp_gate3_doorbell[], hp_gate0_doorbell[], hp_gate3_slot[], hp_gate0_slot[];
extern const char hp_exception_stubs[], hp_exception_stubs_end[];
}

namespace hp::guest {

namespace {

constexpr uint64_t kRegionSize = 32ull << 20;
constexpr Gpa kRegionGpa(16ull << 20);
constexpr Gpa kVdsoGpa(1ull << 30);
constexpr Gpa kFirstWindow(4ull << 30);

/* Offsets of the fixed pages in the system region. */
enum : uint64_t {
  kRoot = 0x0000,
  kGdt = 0x1000,
  kIdt = 0x2000,
  kStubs = 0x3000,
  kGate = 0x4000,
  kPool = 0x5000
};

constexpr uint64_t kDescKernelCode = 0x00af9b000000ffffull, kDescKernelData = 0x00cf93000000ffffull;
constexpr uint64_t kDescUser32 = 0x00cffb000000ffffull, kDescUserData = 0x00cff3000000ffffull;
constexpr uint64_t kDescUserCode = 0x00affb000000ffffull;

bool pushes_error_code(unsigned v) {
  return v == 8 || (v >= 10 && v <= 14) || v == 17 || v == 21 || v == 29 || v == 30;
}

}  // namespace

template <class T>
T* Machine::system(Gpa gpa) const {
  return region_.as<T>(gpa - kRegionGpa);
}

uint64_t* Machine::TableMemory::at(Gpa gpa) const {
  return machine.system<uint64_t>(gpa);
}
Gpa Machine::TableMemory::allocate() {
  return machine.allocate_page();
}

Gpa Machine::allocate_page() {
  if (next_page_ + kPageSize > kRegionSize) return Gpa(0);
  uint64_t offset = next_page_;
  next_page_ += kPageSize;
  return kRegionGpa + offset;
}

Machine::~Machine() = default;

Result<std::unique_ptr<Machine>> Machine::create(VmFactory make_vm) {
  std::unique_ptr<Machine> m(new Machine);
  m->make_vm_ = std::move(make_vm);
  void* p = mmap(nullptr, kRegionSize, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) return fail_errno("cannot allocate the guest's system memory");
  m->region_ = Mapping(p, kRegionSize);
  HostMap vvar, vdso;
  if (find_vdso(vvar, vdso)) {
    m->vdso_ = vvar.start;
    m->vdso_size_ = vdso.end - vvar.start;
  }
  HP_TRYV(m->build());
  return m;
}

Result<> Machine::build() {
  auto vm = make_vm_();
  if (!vm && vm.error().code == EMFILE) {
    DescriptorRoom room;
    vm = make_vm_();
  }
  vm_ = HP_TRY(std::move(vm));
  next_page_ = kPool;
  next_window_ = kFirstWindow;
  windows_.clear();
  auto* base = region_.as<uint8_t>();
  table_ = vmm::PageTable<TableMemory>(memory_, kRegionGpa + kRoot);
  auto* gdt = region_.as<uint64_t>(kGdt);
  gdt[2] = kDescKernelCode;
  gdt[3] = kDescKernelData;
  gdt[4] = kDescUser32;
  gdt[5] = kDescUserData;
  gdt[6] = kDescUserCode;
  auto* idt = region_.as<uint64_t>(kIdt);
  for (unsigned v = 0; v < 256; ++v) {
    uint64_t handler = kSystemGva + kStubs + v * 16;
    uint64_t dpl = v == 3 || v == 4 ? 3 : 0;
    idt[2 * v] = (handler & 0xffff) | (0x10ull << 16) | ((0x8eull | dpl << 5) << 40) |
                 ((handler >> 16 & 0xffff) << 48);
    idt[2 * v + 1] = handler >> 32;
  }
  std::memcpy(base + kStubs, hp_exception_stubs, kPageSize);
  std::memcpy(base + kGate, hp_gate_page, static_cast<size_t>(hp_gate_page_end - hp_gate_page));
  HP_TRYV(vm_->add_memslot(kRegionGpa, kRegionSize, Hva(reinterpret_cast<uint64_t>(base))));
  for (uint64_t off = 0; off < kRegionSize; off += kLargePageSize)
    if (!table_.map(Gva(kSystemGva + off), kRegionGpa + off, kLargePageSize, vmm::kWritable))
      return fail("out of page-table pages");
  if (vdso_) {
    auto mapped = map_vdso();
    if (!mapped) vdso_ = 0;
  }
  return {};
}

Result<> Machine::map_vdso() {
  HP_TRYV(vm_->add_memslot(kVdsoGpa, vdso_size_, Hva(vdso_)));
  for (uint64_t off = 0; off < vdso_size_; off += kPageSize)
    if (!table_.map(Gva(vdso_ + off), kVdsoGpa + off, kPageSize, vmm::kUser))
      return fail("out of page-table pages");
  return {};
}

Result<GuestCpu*> Machine::create_cpu() {
  auto cpu = std::make_unique<GuestCpu>();
  cpu->index = static_cast<unsigned>(cpus_.size());
  if (cpu->index >= vm_->max_vcpus())
    return fail("this host's KVM has no more virtual CPUs for this guest", EAGAIN);
  auto vcpu = vm_->create_vcpu();
  if (!vcpu && vcpu.error().code == EMFILE) {
    DescriptorRoom room;
    vcpu = vm_->create_vcpu();
  }
  cpu->vcpu = HP_TRY(std::move(vcpu));
  Gpa slot = allocate_page(), tss = allocate_page();
  if (slot.value == 0 || tss.value == 0) return fail("out of system pages", ENOMEM);
  cpu->slot = system<Slot>(slot);
  cpu->tss = system<TssPage>(tss);
  uint64_t tss_gva = kSystemGva + (tss - kRegionGpa);
  uint64_t rsp0 = tss_gva + kPageSize;
  std::memcpy(cpu->tss->tss + 4, &rsp0, 8);
  /* The program may use the gate's two ports and no other; the map's last byte ends it. */
  uint16_t io_map = offsetof(TssPage, io_map);
  std::memcpy(cpu->tss->tss + 102, &io_map, 2);
  std::memset(cpu->tss->io_map, 0xff, sizeof cpu->tss->io_map);
  for (unsigned port : {HP_PORT_DOORBELL, HP_PORT_LEARN})
    cpu->tss->io_map[port / 8] &= static_cast<uint8_t>(~(1u << port % 8));
  cpu->gate_base = kGateGva + 8192ull * cpu->index;
  if (!table_.map(Gva(cpu->gate_base), kRegionGpa + kGate, kPageSize, vmm::kUser) ||
      !table_.map(Gva(cpu->gate_base + kPageSize), slot, kPageSize, vmm::kUser | vmm::kWritable))
    return fail("out of page-table pages", ENOMEM);
  vmm::SystemState state{.cr3 = table_.root(),
                         .gdt = Gva(kSystemGva + kGdt),
                         .idt = Gva(kSystemGva + kIdt),
                         .tss = Gva(tss_gva),
                         .gdt_limit = 0x7f,
                         .idt_limit = 0xfff,
                         .tss_limit = offsetof(TssPage, stack) - 1,
                         .syscall_entry = Gva(0),
                         .syscall_mask = 0,
                         .star = (0x23ull << 48) | (0x10ull << 32)};
  HP_TRYV(cpu->vcpu->set_system(state));
  if (!learned_) HP_TRYV(learn_gate(*cpu));
  set_gate(*cpu);
  cpus_.push_back(std::move(cpu));
  return cpus_.back().get();
}

/* Runs one SYSCALL in the gate page: at which privilege level does it arrive, and is the guest's TSC the
 * host's? Happens once, before the program knows whether it has a vDSO. */
Result<> Machine::learn_gate(GuestCpu& cpu) {
  auto in_gate = [&](const char* symbol) {
    return cpu.gate_base + static_cast<uint64_t>(symbol - hp_gate_page);
  };
  cpu.vcpu->set_syscall_entry(Gva(in_gate(hp_gate_learn)));
  vmm::Registers& r = cpu.vcpu->regs();
  r = {};
  r.rip = in_gate(hp_gate_trampoline);
  r.rflags = 0x202;
  cpu.vcpu->touch();
  uint64_t before = __rdtsc();
  for (int tries = 0; tries < 1000; ++tries) {
    vmm::Exit exit = cpu.vcpu->run();
    if (std::holds_alternative<vmm::ExitInterrupted>(exit)) continue;
    auto* io = std::get_if<vmm::ExitIo>(&exit);
    if (!io || io->port != HP_PORT_LEARN) {
      auto* failed = std::get_if<vmm::ExitFailed>(&exit);
      return fail("this host's KVM does not run a process guest's gate" +
                  (failed ? ": " + failed->reason : std::string()));
    }
    uint64_t tsc = r.rbx;
    if (tsc < before || tsc > __rdtsc()) vdso_ = 0;
    cpl0_ = cpu.vcpu->cpl() == 0;
    learned_ = true;
    cpu.vcpu->finish_exit();
    cpu.vcpu->enter_user_segments();
    return {};
  }
  return fail("this host's KVM makes no progress in a guest");
}

void Machine::set_gate(GuestCpu& cpu) {
  const char* symbol = slot_gate_ ? (cpl0_ ? hp_gate0_slot : hp_gate3_slot)
                                  : (cpl0_ ? hp_gate0_doorbell : hp_gate3_doorbell);
  cpu.vcpu->set_syscall_entry(Gva(cpu.gate_base + static_cast<uint64_t>(symbol - hp_gate_page)));
}

uint64_t Machine::gate_address(const GuestCpu& cpu, const char* cpl3, const char* cpl0) const {
  return cpu.gate_base + static_cast<uint64_t>((cpl0_ ? cpl0 : cpl3) - hp_gate_page);
}

uint64_t Machine::stub_base() const {
  return kSystemGva + kStubs;
}

Result<GuestCpu*> Machine::acquire() {
  std::lock_guard lock(mutex_);
  if (free_.empty()) return create_cpu();
  GuestCpu* cpu = free_.back();
  free_.pop_back();
  cpu->vcpu->finish_exit();
  cpu->vcpu->enter_user_segments();
  return cpu;
}

void Machine::release(GuestCpu* cpu) {
  std::lock_guard lock(mutex_);
  free_.push_back(cpu);
}

bool Machine::add_window(Gva va) {
  std::lock_guard lock(mutex_);
  Gpa present;
  if (table_.translate(va, present)) return true;
  Gva base = va.align_down(kWindowSize);
  if (!vm_->add_memslot(next_window_, kWindowSize, Hva(base.value))) return false;
  for (uint64_t off = 0; off < kWindowSize; off += kLargePageSize)
    if (!table_.map(base + off, next_window_ + off, kLargePageSize, vmm::kUser | vmm::kWritable))
      return false;
  windows_.push_back(base);
  next_window_ = next_window_ + kWindowSize;
  return true;
}

bool Machine::window_address(Gpa gpa, Gva& va) {
  std::lock_guard lock(mutex_);
  if (gpa < kFirstWindow) return false;
  size_t index = (gpa - kFirstWindow) / kWindowSize;
  if (index >= windows_.size()) return false;
  va = windows_[index] + (gpa - kFirstWindow) % kWindowSize;
  return true;
}

void Machine::enter_user(GuestCpu& cpu, const vmm::Registers& regs) {
  cpu.vcpu->finish_exit();
  uint64_t rip = cpu.vcpu->regs().rip;
  bool in_system = rip >= kSystemGva && rip < kSystemGva + (2ull << 30);
  if (in_system && (cpl0_ || rip < kGateGva)) cpu.vcpu->enter_user_segments();
  cpu.vcpu->regs() = regs;
  cpu.vcpu->regs().rflags = (regs.rflags & ~0x3000ull) | 0x202;
  cpu.vcpu->touch();
}

Place Machine::place(const GuestCpu& cpu, ExceptionFrame** frame, unsigned* vector,
                     uint64_t* error) const {
  const vmm::Registers& r = cpu.vcpu->regs();
  if (r.rip >= cpu.gate_base && r.rip < cpu.gate_base + kPageSize) return Place::kGate;
  uint64_t stubs = stub_base();
  if (r.rip < stubs || r.rip >= stubs + kPageSize) return Place::kUser;
  /* A program that jumped here is about to fault; its stack pointer is whatever it chose. */
  if (cpu.vcpu->cpl() != 0) return Place::kUser;
  unsigned v = static_cast<unsigned>((r.rip - stubs) / 16);
  uint64_t in_stub = (r.rip - stubs) % 16;
  uint64_t sp = r.rsp;
  *vector = v;
  *error = 0;
  if (pushes_error_code(v) && in_stub <= 1) {
    *error = *region_.as<uint64_t>(sp - kSystemGva);
    sp += 8;
  }
  *frame = region_.as<ExceptionFrame>(sp - kSystemGva);
  return Place::kStub;
}

Result<> Machine::adopt_fork(bool shared_files) {
  vm_->abandon(!shared_files);
  cpus_.clear();
  vm_.reset();
  free_.clear();
  madvise(region_.as<>(), region_.size(), MADV_DONTNEED); /* all zero again */
  return build();
}

}  // namespace hp::guest
