#include "linux_guest/firing.hpp"

#include <algorithm>
#include <cstring>

namespace hp::linux_guest {

namespace {

constexpr uint64_t kCloneThread = 0x10000; /* CLONE_THREAD, clone(2) */
enum : uint64_t { kEstablished = 1, kSynSent = 2, kSynRecv = 3, kClose = 7 }; /* TCP_*, tcp(7) */

/* As struct pt_regs has them (arch/x86/include/asm/ptrace.h). */
hp_uregs registers_of(const uint64_t (&r)[21]) {
  enum { R15, R14, R13, R12, Rbp, Rbx, R11, R10, R9, R8, Rax, Rcx, Rdx, Rsi, Rdi, OrigRax, Rip };
  enum { Flags = 18, Rsp = 19 };
  return {r[Rax], r[Rbx], r[Rcx], r[Rdx], r[Rsi], r[Rdi], r[Rsp], r[Rbp], r[R8],
          r[R9],  r[R10], r[R11], r[R12], r[R13], r[R14], r[R15], r[Rip], r[Flags]};
}

/* As dtrace(1) has them: arg0 and arg1 are the result, -1 if it is an error. */
void fill_result(hp_firing& f, const hp_probe_page& p) {
  constexpr int32_t kMaxError = 4095;
  const auto result = static_cast<int64_t>(p.args[0]);
  int32_t err = p.err >= 0 && p.err <= kMaxError ? p.err : 0;
  if (err == 0 && result < 0 && result >= -kMaxError) err = static_cast<int32_t>(-result);
  f.err = err;
  f.args[0] = f.args[1] = err != 0 ? ~uint64_t{0} : p.args[0];
  std::fill(f.args + 2, std::end(f.args), 0);
}

}  // namespace

bool read_page(const hp_probe_page* page, PageHead& head) noexcept {
  const auto* from = reinterpret_cast<const uint64_t*>(page);
  uint64_t words[PageHead::kWords];
  for (size_t i = 0; i < PageHead::kWords; ++i)
    words[i] = __atomic_load_n(from + i, __ATOMIC_RELAXED);
  std::memcpy(&head.page, words, sizeof words);
  const hp_probe_page& p = head.get();
  return p.magic == HP_PROBE_MAGIC && p.version == HP_ABI_VERSION && p.probe != 0 &&
         p.probe < HP_TRACE_PROBES;
}

void fill_firing(hp_firing& f, const PageHead& head, uint32_t kind, hp_uregs* uregs) noexcept {
  const hp_probe_page& p = head.get();
  f.pid = p.pid;
  f.tid = p.tid;
  f.ppid = p.ppid;
  f.uid = p.uid;
  f.gid = p.gid;
  /* What is behind the NUL is part of keys. */
  std::memset(f.execname, 0, sizeof f.execname);
  std::memcpy(f.execname, p.comm, ::strnlen(p.comm, sizeof f.execname - 1));
  f.pc = p.pc;
  f.stack = p.user_stack;
  f.frame = p.user_frame;
  f.args_start = p.args_start;
  f.args_end = p.args_end;
  f.task = p.task;
  f.uregs = nullptr;
  if (p.flags & HP_PROBE_UREGS) {
    *uregs = registers_of(p.uregs);
    f.uregs = uregs;
  }
  f.err = 0;
  switch (kind) {
    case HP_KIND_SYSCALL_RETURN:
      fill_result(f, p);
      break;
    case HP_KIND_PROFILE: {
      const bool user = (p.flags & HP_PROBE_USER) != 0;
      std::memset(f.args, 0, sizeof f.args);
      f.args[0] = user ? 0 : p.kernel_pc;
      f.args[1] = user ? p.pc : 0;
      break;
    }
    default:
      std::memcpy(f.args, p.args, sizeof f.args);
      break;
  }
}

bool passes(Filter filter, const hp_firing& f) noexcept {
  const auto changes = [&](uint64_t from, uint64_t to) {
    return (f.args[1] & 0xff) == from && (f.args[2] & 0xff) == to;
  };
  switch (filter) {
    case Filter::None:
      return true;
    case Filter::Leader:
      return f.pid == f.tid;
    case Filter::NewProcess:
      return !(f.args[1] & kCloneThread);
    case Filter::NewThread:
      return (f.args[1] & kCloneThread) != 0;
    case Filter::Connecting:
      return changes(kClose, kSynSent);
    case Filter::Connected:
      return changes(kSynSent, kEstablished);
    case Filter::ConnectRefused:
      return changes(kSynSent, kClose);
    case Filter::Accepted:
      return changes(kSynRecv, kEstablished);
  }
  return false;
}

void shift_arguments(hp_firing& f, unsigned shift) noexcept {
  constexpr unsigned kArguments = std::size(decltype(f.args){});
  shift = std::min(shift, kArguments);
  std::memmove(f.args, f.args + shift, (kArguments - shift) * sizeof f.args[0]);
  std::fill(f.args + (kArguments - shift), std::end(f.args), 0);
}

}  // namespace hp::linux_guest
