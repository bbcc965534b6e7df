#include "signal_frame.hpp"

#include <cpuid.h>
#include <sys/auxv.h>

#include <array>
#include <cstring>

#include "guest/guest_memory.hpp"

namespace hp::guest {

namespace {

struct SigContext {
  uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
  uint64_t rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, rflags;
  uint16_t cs, gs, fs, ss;
  uint64_t error, trapno, oldmask, cr2, fpstate;
  uint64_t reserved[8];
};
static_assert(sizeof(SigContext) == 256);

struct UContext {
  uint64_t flags, link;
  GuestAltStack stack;
  SigContext context;
  uint64_t sigmask;
};
static_assert(sizeof(UContext) == 304);

struct RtSigFrame {
  uint64_t restorer;
  UContext uc;
  siginfo_t info;
};
static_assert(sizeof(siginfo_t) == 128);

/* struct _fpx_sw_bytes, at byte 464 of the FXSAVE image. */
struct SoftwareBytes {
  uint32_t magic1, extended_size;
  uint64_t xfeatures;
  uint32_t xstate_size;
  uint32_t padding[7];
};
static_assert(sizeof(SoftwareBytes) == 48);

constexpr uint32_t kMagic1 = 0x46505853, kMagic2 = 0x46505845;
constexpr uint64_t kUcFpXstate = 1, kUcSigcontextSs = 2, kUcStrictSs = 4;
constexpr uint64_t kFixedFlags =
    0x50dd5; /* the RFLAGS bits a program may set: kernel's FIX_EFLAGS */
constexpr size_t kMaxXstate = 8192;

/* Size of the standard-format XSAVE area for these features (SDM vol. 1, 13.4). */
uint32_t xsave_size(uint64_t xcr0) {
  uint32_t size = 576;
  for (unsigned i = 2; i < 63; ++i) {
    if (!(xcr0 >> i & 1)) continue;
    uint32_t a, b, c, d;
    if (!__get_cpuid_count(0xd, i, &a, &b, &c, &d)) continue;
    if (b + a > size) size = b + a;
  }
  return size;
}

}  // namespace

bool on_altstack(const GuestThread& t, uint64_t sp) {
  if (t.altstack.flags & kAutodisarm) return false;
  if (t.altstack.flags & SS_DISABLE) return false;
  return sp > t.altstack.sp && sp - t.altstack.sp <= t.altstack.size;
}

uint64_t minimum_altstack() {
  return 2048;
}

bool build_frame(GuestThread& t, vmm::Registers& regs, int signo, const siginfo_t& info,
                 const GuestAction& action, const FaultInfo* fault) {
  vmm::Vm& vm = t.process.machine->vm();
  alignas(64) static thread_local std::array<uint8_t, kMaxXstate + 8> xstate;
  HP_CHECK(vm.xstate_size() <= kMaxXstate);
  uint64_t features = vm.xcr0();
  uint32_t size = xsave_size(features);

  uint64_t sp = regs.rsp - 128; /* the red zone */
  bool entering_altstack = false;
  if ((action.flags & SA_ONSTACK) && !on_altstack(t, regs.rsp) &&
      !(t.altstack.flags & SS_DISABLE)) {
    sp = t.altstack.sp + t.altstack.size;
    entering_altstack = true;
  }
  bool was_on = on_altstack(t, regs.rsp);
  uint64_t fpstate = (sp - size - 4) & ~63ull;
  uint64_t frame_at = ((fpstate - sizeof(RtSigFrame)) & ~15ull) - 8;
  if ((entering_altstack || was_on) && frame_at < t.altstack.sp) return false;

  t.cpu->vcpu->get_xstate(xstate.data());
  SoftwareBytes sw{kMagic1, size + 4, features, size, {}};
  std::memcpy(xstate.data() + 464, &sw, sizeof sw);
  uint64_t bv;
  std::memcpy(&bv, xstate.data() + 512, 8);
  bv |= 3; /* as the kernel does: a handler may edit FP and SSE state */
  std::memcpy(xstate.data() + 512, &bv, 8);
  std::memcpy(xstate.data() + size, &kMagic2, 4);

  RtSigFrame f{};
  f.restorer = action.restorer;
  f.uc.flags = kUcFpXstate | kUcSigcontextSs | kUcStrictSs;
  f.uc.stack = t.altstack;
  f.uc.sigmask = t.sigmask;
  SigContext& c = f.uc.context;
  c.r8 = regs.r8, c.r9 = regs.r9, c.r10 = regs.r10, c.r11 = regs.r11;
  c.r12 = regs.r12, c.r13 = regs.r13, c.r14 = regs.r14, c.r15 = regs.r15;
  c.rdi = regs.rdi, c.rsi = regs.rsi, c.rbp = regs.rbp, c.rbx = regs.rbx;
  c.rdx = regs.rdx, c.rax = regs.rax, c.rcx = regs.rcx, c.rsp = regs.rsp;
  c.rip = regs.rip;
  c.rflags = (regs.rflags & ~0x3000ull) | 0x202;
  c.cs = 0x33, c.ss = 0x2b;
  if (fault) c.error = fault->error, c.trapno = fault->trapno, c.cr2 = fault->cr2;
  c.oldmask = t.sigmask;
  c.fpstate = fpstate;
  f.info = info;
  if (!GuestMemory::write(fpstate, xstate.data(), size + 4)) return false;
  if (!GuestMemory::write(frame_at, &f, sizeof f)) return false;
  if (entering_altstack && (t.altstack.flags & kAutodisarm)) t.altstack = {};

  /* A handler starts with initial FP state. */
  std::memset(xstate.data(), 0, vm.xstate_size());
  uint16_t fcw = 0x37f;
  uint32_t mxcsr = 0x1f80;
  std::memcpy(xstate.data(), &fcw, 2);
  std::memcpy(xstate.data() + 24, &mxcsr, 4);
  bv = 3;
  std::memcpy(xstate.data() + 512, &bv, 8);
  t.cpu->vcpu->set_xstate(xstate.data());

  regs.rip = action.handler;
  regs.rsp = frame_at;
  regs.rdi = static_cast<uint64_t>(signo);
  regs.rsi = frame_at + offsetof(RtSigFrame, info);
  regs.rdx = frame_at + offsetof(RtSigFrame, uc);
  regs.rax = 0;
  regs.rflags &= ~0x10500ull; /* RF, DF, TF */
  return true;
}

bool restore_frame(GuestThread& t, vmm::Registers& regs, uint64_t& mask) {
  vmm::Vm& vm = t.process.machine->vm();
  UContext uc;
  if (!GuestMemory::get(uc, regs.rsp)) return false; /* the handler's RET popped the restorer */
  const SigContext& c = uc.context;
  regs.r8 = c.r8, regs.r9 = c.r9, regs.r10 = c.r10, regs.r11 = c.r11;
  regs.r12 = c.r12, regs.r13 = c.r13, regs.r14 = c.r14, regs.r15 = c.r15;
  regs.rdi = c.rdi, regs.rsi = c.rsi, regs.rbp = c.rbp, regs.rbx = c.rbx;
  regs.rdx = c.rdx, regs.rax = c.rax, regs.rcx = c.rcx, regs.rsp = c.rsp;
  regs.rip = c.rip;
  regs.rflags = (regs.rflags & ~kFixedFlags) | (c.rflags & kFixedFlags);
  mask = uc.sigmask;

  alignas(64) static thread_local std::array<uint8_t, kMaxXstate + 8> xstate;
  std::memset(xstate.data(), 0, xstate.size());
  if (c.fpstate) {
    if (!GuestMemory::read(xstate.data(), c.fpstate, 512)) return false;
    SoftwareBytes sw;
    std::memcpy(&sw, xstate.data() + 464, sizeof sw);
    std::memset(xstate.data() + 464, 0, 48);
    uint32_t size = xsave_size(vm.xcr0());
    uint32_t magic2 = 0;
    uint64_t bv = 3;
    if (sw.magic1 == kMagic1 && sw.xstate_size >= 576 && sw.xstate_size <= size &&
        GuestMemory::get(magic2, c.fpstate + sw.xstate_size) && magic2 == kMagic2) {
      if (!GuestMemory::read(xstate.data() + 512, c.fpstate + 512, sw.xstate_size - 512))
        return false;
      std::memcpy(&bv, xstate.data() + 512, 8);
      bv &= sw.xfeatures & vm.xcr0();
    }
    std::memset(xstate.data() + 512, 0, 64);
    std::memcpy(xstate.data() + 512, &bv, 8);
    if (!t.cpu->vcpu->set_xstate(xstate.data())) return false;
  }
  if (!on_altstack(t, regs.rsp)) {
    GuestAltStack s = uc.stack;
    if ((s.flags & SS_DISABLE) || s.size >= minimum_altstack()) {
      s.flags &= ~SS_ONSTACK;
      t.altstack = s;
    }
  }
  return true;
}

}  // namespace hp::guest
