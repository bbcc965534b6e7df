/* The machine of a process guest: a VM whose guest-virtual addresses equal this process's own.
 *
 *   0x10000 ... 0x7000_0000_0000   the guest's arena: 64 MiB windows created on first touch (a #PF
 *                                  exit), each a memslot at the next free GPA and 2 MiB leaves
 *   kSystemGva                     page tables, GDT, IDT, TSS, exception stubs (supervisor)
 *   kGateGva + 8192 * n            vCPU n's gate page and slot page (user)
 *   vDSO and its data              at the address the kernel gave this process (user, 4 KiB)
 *
 * The host kernel's page tables say what is mapped and how: mmap, mprotect, copy-on-write and
 * truncation act through KVM's MMU notifier, nothing here has to follow them.
 *
 * vCPUs cannot be destroyed, so they are pooled. All functions are thread-safe except adopt_fork(),
 * which runs in a single-threaded child. */
#pragma once
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "slot.hpp"
#include "transport/address.hpp"
#include "transport/fd.hpp"
#include "vmm/engine.hpp"
#include "vmm/page_table.hpp"

namespace hp::guest {

inline constexpr uint64_t kSystemGva = 0x7e0000000000ull;
inline constexpr uint64_t kGateGva = kSystemGva + (1ull << 30);
inline constexpr uint64_t kWindowSize = 64ull << 20;

/* A page that holds a vCPU's TSS with its I/O permission map (ports 0 to 0x87), and its CPL0 stack. */
struct TssPage {
  uint8_t tss[104];
  uint8_t io_map[18];
  uint8_t stack[4096 - 122];
};

struct GuestCpu {
  std::unique_ptr<vmm::Vcpu> vcpu;
  unsigned index = 0;
  Slot* slot = nullptr;
  TssPage* tss = nullptr;
  uint64_t gate_base = 0; /* GVA of its gate page */
};

/* What a stopped vCPU was doing, from its RIP. */
enum class Place { kUser, kGate, kStub };

/* The frame an exception pushes (64-bit), without the error code. */
struct ExceptionFrame {
  uint64_t rip, cs, rflags, rsp, ss;
};

class Machine {
 public:
  /* make_vm: creates a VM of the engine in use; called again in every fork's child. */
  using VmFactory = std::function<Result<std::unique_ptr<vmm::Vm>>()>;
  static Result<std::unique_ptr<Machine>> create(VmFactory make_vm);

  /* A vCPU at CPL3, from the pool or new. Its registers are the caller's to set. */
  Result<GuestCpu*> acquire();
  /* Back to the pool; an exit may still be pending. */
  void release(GuestCpu*);

  /* Gives the guest the window around va. False: no memory slot or page-table page is left. */
  [[nodiscard]] bool add_window(Gva va);

  /* The guest-virtual page that a window maps to gpa; false if gpa is in no window. */
  bool window_address(Gpa gpa, Gva& va);

  /* Puts a vCPU at CPL3 with these registers, wherever it stopped. */
  void enter_user(GuestCpu&, const vmm::Registers&);
  /* Where the vCPU stopped; for kStub, *frame is the frame to go back through and *vector which
   * exception (only exact right after ExitHlt). */
  Place place(const GuestCpu&, ExceptionFrame** frame, unsigned* vector, uint64_t* error) const;
  uint64_t stub_base() const;
  /* The gate symbol's address in this vCPU's gate page, for the variant in use. */
  uint64_t gate_address(const GuestCpu&, const char* cpl3_symbol, const char* cpl0_symbol) const;
  bool gate_at_cpl0() const { return cpl0_; }
  /* From now on new vCPUs get the gate that tries the slot first. Call it before the first. */
  void enable_slot_gate() { slot_gate_ = true; }

  vmm::Vm& vm() { return *vm_; }
  bool has_vdso() const { return vdso_ != 0; }

  /* In the child of fork(2): a new VM over the copied memory. Pooled vCPUs are forgotten.
   * shared_files: the descriptor table is still the parent's too (CLONE_FILES). */
  Result<> adopt_fork(bool shared_files);
  std::mutex& mutex() { return mutex_; }

  ~Machine();

 private:
  struct TableMemory {
    Machine& machine;
    uint64_t* at(Gpa) const;
    Gpa allocate();
    void write(uint64_t* entry, uint64_t value) {
      __atomic_store_n(entry, value, __ATOMIC_RELEASE);
    }
  };
  Machine() : memory_{*this}, table_(memory_, Gpa(0)) {}
  Result<> build();
  Result<> map_vdso();
  Result<> learn_gate(GuestCpu&);
  Result<GuestCpu*> create_cpu();
  void set_gate(GuestCpu&);
  Gpa allocate_page();
  template <class T>
  T* system(Gpa) const;

  VmFactory make_vm_;
  std::unique_ptr<vmm::Vm> vm_;
  Mapping region_; /* the system memory */
  TableMemory memory_;
  vmm::PageTable<TableMemory> table_;
  uint64_t next_page_ = 0; /* offset in region_ */
  Gpa next_window_;
  std::vector<Gva> windows_; /* in order of their GPAs */
  std::mutex mutex_;
  std::vector<std::unique_ptr<GuestCpu>> cpus_;
  std::vector<GuestCpu*> free_;
  bool slot_gate_ = false, cpl0_ = false, learned_ = false;
  uint64_t vdso_ = 0, vdso_size_ = 0;
};

}  // namespace hp::guest
