/* clone and exit: threads are host threads with a vCPU each, processes are host processes.
 *
 *   CLONE_THREAD    a host thread of this process, a vCPU of this VM
 *   CLONE_VM        a host process that shares this memory and this VM, on a vCPU of its own
 *   neither         fork(2) of the monitor; the child builds a VM over the copied memory
 */
#include <linux/futex.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <new>
#include <vector>

#include "calls.hpp"
#include "guest/guest_memory.hpp"
#include "host_stack.hpp"
#include "signals.hpp"

namespace hp::guest {

namespace {

struct CloneRequest {
  clone_args args{};
  uint64_t size = CLONE_ARGS_SIZE_VER0; /* bytes of args that the guest gave */
  uint64_t new_sp = 0;                  /* 0: the caller's */
};

int64_t parse(const Syscall& s, CloneRequest& r) {
  clone_args& c = r.args;
  if (s.nr == SYS_fork || s.nr == SYS_vfork) {
    c.flags = s.nr == SYS_vfork ? CLONE_VFORK | CLONE_VM : 0;
    c.exit_signal = SIGCHLD;
    return 0;
  }
  if (s.nr == SYS_clone) {
    c.flags = s.args[0] & 0xffffff00 & ~static_cast<uint64_t>(CLONE_DETACHED);
    c.exit_signal = s.args[0] & 0xff;
    c.parent_tid = c.pidfd = s.args[2];
    c.child_tid = s.args[3];
    c.tls = s.args[4];
    r.new_sp = s.args[1];
    return 0;
  }
  uint64_t size = s.args[1];
  if (size < CLONE_ARGS_SIZE_VER0) return -EINVAL;
  if (size > 4096) return -E2BIG;
  uint8_t raw[4096];
  if (!GuestMemory::read(raw, s.args[0], size)) return -EFAULT;
  for (uint64_t i = sizeof c; i < size; ++i)
    if (raw[i]) return -E2BIG;
  r.size = std::min<uint64_t>(size, sizeof c);
  std::memcpy(&c, raw, r.size);
  if ((c.stack == 0) != (c.stack_size == 0)) return -EINVAL;
  if (c.stack) r.new_sp = c.stack + c.stack_size;
  c.stack = c.stack_size = 0;
  return 0;
}

/* What a new vCPU takes over from its creator's. */
struct CpuState {
  vmm::Registers regs;
  uint64_t fs, gs;
  std::vector<uint64_t> xstate;
};

CpuState save_cpu(GuestThread& t, const CloneRequest& r) {
  CpuState s;
  s.regs = t.user_registers();
  s.regs.rax = 0;
  if (r.new_sp) s.regs.rsp = r.new_sp;
  s.fs = r.args.flags & CLONE_SETTLS ? r.args.tls : t.cpu->vcpu->fs_base();
  s.gs = t.cpu->vcpu->gs_base();
  s.xstate.resize(t.process.machine->vm().xstate_size() / 8);
  t.cpu->vcpu->get_xstate(s.xstate.data());
  return s;
}

void load_cpu(Machine& m, GuestCpu& cpu, const CpuState& s) {
  cpu.vcpu->set_fs_base(s.fs);
  cpu.vcpu->set_gs_base(s.gs);
  cpu.vcpu->set_xstate(s.xstate.data());
  m.enter_user(cpu, s.regs);
}

/* ---- threads ---- */

struct ThreadStart {
  GuestThread* child;
  const CloneRequest* request;
  CpuState state;
  uint64_t call_nr = 0;
  int tid = 0; /* futex: the child's tid once it is set up */
};

void thread_main(HostStack* stack, void* p) {
  auto* start = static_cast<ThreadStart*>(p);
  GuestThread& t = *start->child;
  const clone_args& c = start->request->args;
  t.host_stack = stack;
  current_thread = &t;
  auto tid = static_cast<int>(syscall(SYS_gettid));
  syscall(SYS_set_tid_address, c.flags & CLONE_CHILD_CLEARTID ? c.child_tid : 0);
  if (c.flags & CLONE_PARENT_SETTID) GuestMemory::put(c.parent_tid, tid);
  if (c.flags & CLONE_CHILD_SETTID) GuestMemory::put(c.child_tid, tid);
  t.identity.tid = tid;
  t.host_tid = tid;
  number_thread(t, t.process.control);
  load_cpu(*t.process.machine, *t.cpu, start->state);
  ObserverLink* observer = t.process.observer_link;
  uint64_t mask = t.sigmask, call_nr = start->call_nr;
  __atomic_store_n(&start->tid, tid, __ATOMIC_RELEASE);
  syscall(SYS_futex, &start->tid, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr,
          0); /* start is gone now */
  if (observer) observer->fire_exit(t, Syscall{call_nr, {}}, 0);
  HP_CHECK(set_guest_mask(t, mask));
  t.run();
}

int64_t new_thread(GuestThread& t, const CloneRequest& r, uint64_t call_nr) {
  if (t.process.vfork_child) return -EAGAIN;
  auto cpu = t.process.machine->acquire();
  if (!cpu) return -EAGAIN;
  auto* child = new (std::nothrow) GuestThread(t.process, **cpu);
  if (!child) {
    t.process.machine->release(*cpu);
    return -ENOMEM;
  }
  child->identity = t.identity;
  child->sigmask = t.sigmask;
  ThreadStart start{child, &r, save_cpu(t, r), call_nr};
  t.process.threads.fetch_add(1);
  if (t.process.gate == HP_GATE_AUTO) t.helper.park(); /* the core is wanted by the new thread */
  uint64_t mask = block_host_signals();
  int err = start_host_thread(thread_main, &start);
  if (err == 0) {
    while (__atomic_load_n(&start.tid, __ATOMIC_ACQUIRE) == 0)
      syscall(SYS_futex, &start.tid, FUTEX_WAIT_PRIVATE, 0, nullptr, nullptr, 0);
  }
  restore_host_signals(mask);
  if (err) {
    t.process.threads.fetch_sub(1);
    t.process.machine->release(*cpu);
    delete child;
    return err;
  }
  return start.tid;
}

/* ---- fork ---- */

int64_t raw_clone3(clone_args& c, uint64_t size) {
  long r = syscall(SYS_clone3, &c, size);
  return r == -1 ? -errno : r;
}

[[noreturn]] void fail_child(const std::string& message) {
  std::fprintf(stderr, "hyprobe-guest: a forked process cannot go on: %s\n", message.c_str());
  _exit(125);
}

void become_fork_child(GuestThread& t, const CpuState& state, uint64_t call_nr, bool shared_files) {
  Process& p = t.process;
  auto adopted = p.machine->adopt_fork(shared_files);
  if (!adopted) fail_child(adopted.error().message);
  auto cpu = p.machine->acquire();
  if (!cpu) fail_child(cpu.error().message);
  p.threads = 1;
  p.in_guest = 0;
  p.vfork_child = false;
  t.helper.forget(!shared_files);
  t.sampler.forget();
  t.cpu = *cpu;
  t.vcpu = t.cpu->index;
  load_cpu(*p.machine, **cpu, state);
  refresh_identity(t);
  number_thread(t, p.control);
  if (p.observer) p.observer->forked(t);
  if (p.observer_link) p.observer_link->fire_exit(t, Syscall{call_nr, {}}, 0);
}

int64_t fork_process(GuestThread& t, const Syscall& s, const CloneRequest& r) {
  Process& p = t.process;
  CpuState state = save_cpu(t, r);
  t.helper.park();
  clone_args c = r.args;
  /* Memory is copied, so CLONE_VFORK only says that the parent waits; TLS is the vCPU's. */
  bool clear_handlers = c.flags & CLONE_CLEAR_SIGHAND; /* the host's must stay */
  c.flags &= ~(CLONE_SETTLS | CLONE_CLEAR_SIGHAND);
  uint64_t mask = block_host_signals();
  if (t.captured) { /* it is the parent's alone, and due before the call */
    restore_host_signals(mask);
    return kRestart;
  }
  /* What other threads hold now would stay held in the child for ever. */
  if (p.observer) p.observer->fork_begin();
  p.space->lock();
  p.actions.mutex.lock();
  p.machine->mutex().lock();
  lock_host_stacks();
  if (p.lock_heap) p.lock_heap();
  int64_t result = raw_clone3(c, std::max<uint64_t>(r.size, CLONE_ARGS_SIZE_VER0));
  if (p.unlock_heap) p.unlock_heap();
  if (result == 0) forget_host_threads(t.host_stack);
  unlock_host_stacks();
  p.machine->mutex().unlock();
  p.actions.mutex.unlock();
  p.space->unlock();
  if (p.observer) p.observer->fork_end();
  if (result == 0) {
    t.pending_sync = 0; /* pending signals are not inherited */
    t.attention = 0;
    if (clear_handlers) reset_handlers(p);
    become_fork_child(t, state, s.nr, (c.flags & CLONE_FILES) != 0);
    t.context_replaced = true;
  }
  restore_host_signals(mask);
  return result;
}

/* ---- sharing memory, another process ---- */

struct SharingChild {
  Process process;
  GuestThread thread;
  CpuState state;
  uint64_t call_nr;
  bool clear_handlers = false;
  SharingChild(GuestCpu& cpu, CpuState s, uint64_t nr)
      : thread(process, cpu), state(std::move(s)), call_nr(nr) {}
};

int sharing_main(void* p) {
  auto* child = static_cast<SharingChild*>(p);
  GuestThread& t = child->thread;
  current_thread = &t;
  use_host_altstack(t.host_stack->signal_stack);
  if (child->clear_handlers) reset_handlers(t.process);
  load_cpu(*t.process.machine, *t.cpu, child->state);
  refresh_identity(t);
  number_thread(t, t.process.control);
  if (t.process.observer_link)
    t.process.observer_link->fire_exit(t, Syscall{child->call_nr, {}}, 0);
  HP_CHECK(set_guest_mask(t, t.sigmask));
  t.run();
}

/* The child's bookkeeping lives in the shared memory. With CLONE_VFORK it is freed when the parent goes
 * on: the child has executed another program or ended. Otherwise it stays. */
int64_t share_with_process(GuestThread& t, const Syscall& s, const CloneRequest& r) {
  Process& p = t.process;
  auto cpu = p.machine->acquire();
  if (!cpu) return -EAGAIN;
  uint64_t mask = block_host_signals();
  HostStack* stack = take_host_stack();
  auto* child = stack ? new SharingChild(**cpu, save_cpu(t, r), s.nr) : nullptr;
  if (!child) {
    restore_host_signals(mask);
    p.machine->release(*cpu);
    return -ENOMEM;
  }
  Process& q = child->process;
  q.machine = p.machine;
  q.space = p.space;
  q.control = p.control;
  q.observer = p.observer;
  q.observer_link = p.observer_link;
  q.chain = p.chain;
  q.actions.copy_from(p.actions);
  q.exe = p.exe;
  q.self_fd = p.self_fd;
  q.control_fd = p.control_fd;
  q.socket_fd = p.socket_fd;
  q.lock_heap = p.lock_heap;
  q.unlock_heap = p.unlock_heap;
  q.gate = p.gate;
  q.vfork_child = true;
  q.parent_waits = r.args.flags & CLONE_VFORK;
  child->thread.identity = t.identity;
  child->thread.modules = t.modules;
  child->thread.sigmask = t.sigmask;
  child->thread.altstack = r.args.flags & CLONE_VFORK ? t.altstack : GuestAltStack{};
  child->thread.host_stack = stack;
  const clone_args& c = r.args;
  child->clear_handlers = c.flags & CLONE_CLEAR_SIGHAND;
  auto flags = static_cast<long>(c.flags | CLONE_SETTLS | c.exit_signal);
  flags &= ~static_cast<long>(CLONE_SIGHAND); /* dispositions are copied, as the table is */
  int* ptid = reinterpret_cast<int*>(c.flags & CLONE_PIDFD ? c.pidfd : c.parent_tid);
  int* ctid = reinterpret_cast<int*>(c.child_tid);
  if ((c.flags & CLONE_PIDFD) && (c.flags & CLONE_PARENT_SETTID)) {
    /* clone(2) has one pointer for both; the child's number is written below. */
    flags &= ~static_cast<long>(CLONE_PARENT_SETTID);
  }
  long result = hp_raw_clone(flags, stack->top, ptid, ctid, stack->tls, sharing_main, child);
  restore_host_signals(mask);
  if (result > 0 && (c.flags & CLONE_PARENT_SETTID))
    GuestMemory::put(c.parent_tid, static_cast<int>(result));
  if (result < 0 || (c.flags & CLONE_VFORK)) {
    if (p.observer) p.observer->thread_exit(child->thread);
    __atomic_store_n(&stack->busy, 0, __ATOMIC_RELEASE);
    p.machine->release(*cpu);
    delete child;
  }
  return result;
}

}  // namespace

int64_t call_clone(GuestThread& t, const Syscall& s) {
  CloneRequest r;
  int64_t err = parse(s, r);
  if (err) return err;
  uint64_t flags = r.args.flags;
  if (t.attention) return kRestart;
  if (flags & CLONE_THREAD) {
    if (!(flags & CLONE_VM) || !(flags & CLONE_SIGHAND)) return -EINVAL;
    return new_thread(t, r, s.nr);
  }
  if (flags & CLONE_VM) return share_with_process(t, s, r);
  return fork_process(t, s, r);
}

int64_t call_exit(GuestThread& t, const Syscall& s) {
  auto status = static_cast<int>(s.args[0]);
  Process& p = t.process;
  uint64_t mask = block_host_signals();
  if (t.captured) { /* it must not vanish with this thread */
    restore_host_signals(mask);
    return kRestart;
  }
  int alive = s.nr == SYS_exit_group ? p.threads.load() : p.threads.fetch_sub(1);
  if (s.nr == SYS_exit_group || alive == 1 || p.vfork_child) {
    if (p.vfork_child && !p.parent_waits) end_host_process(t.host_stack, status);
    syscall(SYS_exit_group, status);
  }
  t.sampler.stop();
  t.helper.stop();
  if (p.observer) p.observer->thread_exit(t);
  HostStack* stack = t.host_stack;
  current_thread = nullptr;
  p.machine->release(t.cpu);
  if (stack) delete &t;
  end_host_thread(stack, status);
}

}  // namespace hp::guest
