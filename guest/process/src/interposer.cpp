#include "guest/interposer.hpp"

#include <sched.h>

#include <cstring>

namespace hp::guest {

namespace {

void fill_identity(hp_firing& f, const ThreadView& t) {
  const Identity& id = t.identity;
  f.pid = id.pid;
  f.tid = id.tid;
  f.ppid = id.ppid;
  f.uid = id.uid;
  f.gid = id.gid;
  f.vcpu = t.vcpu;
  f.host_tid = t.host_tid;
  f.thread = t.number;
  f.args_start = id.args_start;
  f.args_end = id.args_end;
  std::memcpy(f.execname, id.comm, sizeof f.execname);
  f.pc = t.pc;
  f.stack = t.stack;
  f.frame = t.frame;
  f.uregs = t.knows_uregs ? &t.uregs : nullptr;
  f.modules = t.modules;
  f.task = 0;
  f.cpu = static_cast<uint32_t>(sched_getcpu());
}

}  // namespace

void fill_entry(hp_firing& f, const ThreadView& t, const Syscall& s) {
  fill_identity(f, t);
  std::memcpy(f.args, s.args, sizeof s.args);
  std::memset(f.args + 6, 0, sizeof f.args - sizeof s.args);
  f.err = 0;
}

void fill_exit(hp_firing& f, const ThreadView& t, const Syscall&, int64_t result) {
  fill_identity(f, t);
  std::memset(f.args, 0, sizeof f.args);
  bool failed = result < 0 && result >= -4095;
  f.err = failed ? static_cast<int32_t>(-result) : 0;
  f.args[0] = f.args[1] = failed ? ~0ull : static_cast<uint64_t>(result);
}

void fill_sample(hp_firing& f, const ThreadView& t, uint64_t kernel_pc) {
  fill_identity(f, t);
  std::memset(f.args, 0, sizeof f.args);
  f.err = 0;
  f.args[0] = kernel_pc;
  f.args[1] = kernel_pc ? 0 : t.pc;
}

int64_t ObserverLink::call(ThreadView& t, Syscall& s, Chain& next) noexcept {
  if (wanted(s.nr, 0)) observer_->entry(t, s);
  Syscall original = s;
  int64_t result = next(t, s);
  constexpr int64_t kRestart = -512; /* thread.hpp */
  if (result == kRestart && wanted(original.nr, 0) && observer_->undone(t, original)) return result;
  fire_exit(t, original, result);
  return result;
}

void ObserverLink::fire_exit(ThreadView& t, const Syscall& s, int64_t result) noexcept {
  if (!wanted(s.nr, 1)) return;
  t.uregs.rax = static_cast<uint64_t>(result);
  observer_->exit(t, s, result);
}

}  // namespace hp::guest
