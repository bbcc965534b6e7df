/* SyscallObserver of a process guest's monitor: turns system calls into firings of the D programs
 * that the control page enables, with the guest's memory for the clauses to read.
 *
 *     DispatchingObserver observer(control, socket);
 *     ObserverLink link(control, &observer);
 *
 * Threading and fork as SyscallObserver says. control and socket outlive it. */
#pragma once
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "guest/guest_memory.hpp"
#include "guest/interposer.hpp"
#include "handler/program_table.hpp"
#include "handler/slot_lock.hpp"
#include "handler/timer_probe.hpp"
#include "transport/guest_access.hpp"

namespace hp::host {

/* A process guest's memory as clauses see it. */
class ProcessGuestAccess final : public GuestAccess {
 public:
  /* socket: the guest's control socket, control.h. */
  explicit ProcessGuestAccess(int socket) : socket_(socket) {}
  int read(void* dst, uint64_t gva, size_t size, uint64_t* bad) noexcept override {
    return guest::GuestMemory::read(dst, gva, size, bad) ? 0 : HP_FLT_BADADDR;
  }
  int read_string(char* dst, uint64_t gva, size_t max, uint64_t* len,
                  uint64_t* bad) noexcept override {
    return guest::GuestMemory::read_string(dst, gva, max, len, bad) ? 0 : HP_FLT_BADADDR;
  }
  int write(uint64_t gva, const void* src, size_t size, uint64_t* bad) noexcept override {
    return guest::GuestMemory::write(gva, src, size, bad) ? 0 : HP_FLT_BADADDR;
  }
  void raise(const hp_firing& f, int signal) noexcept override {
    ::syscall(SYS_tgkill, f.pid, f.tid, signal);
    raised = true;
  }
  /* The supervisor ends the guest's other processes; this one must not go on until it has. */
  void panic(const hp_firing&) noexcept override {
    hp_ctl_request request{};
    request.op = HP_CTL_PANIC;
    request.pid = ::getpid();
    (void)::send(socket_, &request, sizeof request, MSG_NOSIGNAL | MSG_DONTWAIT);
    ::kill(::getpid(), SIGKILL);
    for (;;) ::pause();
  }

  /* Did this host thread's firing raise a signal? */
  static inline thread_local bool raised = false;

 private:
  int socket_;
};

class DispatchingObserver final : public guest::SyscallObserver {
 public:
  DispatchingObserver(hp_ctl* control, int socket)
      : control_(control), programs_(control, socket), memory_(socket) {
    copy(name_, control->name);
    copy(hostname_, control->hostname);
    copy(osversion_, control->osversion);
    check_namespace();
    programs_.prefetch();
  }

  void entry(guest::ThreadView& t, const guest::Syscall& s) noexcept override {
    if (made_again(t, s)) return;
    hp_firing f;
    guest::fill_entry(f, t, s);
    ProcessGuestAccess::raised = false;
    fire(f, t, s.nr, 0);
    if (ProcessGuestAccess::raised) state_of(t).raised = {s.nr, t.pc, t.stack, false};
  }
  bool undone(guest::ThreadView& t, const guest::Syscall& s) noexcept override {
    if (!t.observer_data) return false;
    auto& r = state_of(t).raised;
    if (r.number != s.nr || r.pc != t.pc) return false;
    r.undone = true;
    return true;
  }
  void exit(guest::ThreadView& t, const guest::Syscall& s, int64_t result) noexcept override {
    hp_firing f;
    guest::fill_exit(f, t, s, result);
    fire(f, t, s.nr, 1);
  }
  size_t sampling_intervals(guest::ThreadView& t, uint64_t* intervals,
                            size_t max) noexcept override {
    ThreadState& state = state_of(t);
    state.rates = 0;
    programs_.visit(
        *state.thread, __atomic_load_n(&control_->profile, __ATOMIC_ACQUIRE),
        [&](uint32_t slot, handler::Program& p) {
          for (uint32_t i = 0; i < p.segment().nprobes(); ++i) {
            const hp_seg_probe probe = p.segment().probes()[i];
            if (std::strncmp(probe.prov, "profile", sizeof probe.prov) != 0) continue;
            const auto timer =
                handler::parse_timer_probe({probe.name, ::strnlen(probe.name, sizeof probe.name)});
            if (!timer || !timer->every_cpu || state.rates == std::min(max, ThreadState::kRates))
              continue;
            intervals[state.rates] = timer->interval_ns;
            state.rate[state.rates++] = {uint64_t{1} << slot, probe.id};
          }
        });
    return state.rates;
  }
  void sample(guest::ThreadView& t, size_t index, uint32_t count,
              uint64_t kernel_pc) noexcept override {
    ThreadState& state = state_of(t);
    if (index >= state.rates) return;
    hp_firing f;
    guest::fill_sample(f, t, kernel_pc);
    complete(f);
    for (; count > 0; --count)
      programs_.fire(*state.thread, state.rate[index].program, state.rate[index].probe, f);
  }
  void fork_begin() noexcept override { programs_.lock(); }
  void fork_end() noexcept override { programs_.unlock(); }
  void forked(guest::ThreadView& t) noexcept override {
    programs_.forked(state_of(t).thread);
    check_namespace();
  }
  void thread_exit(guest::ThreadView& t) noexcept override {
    if (!t.observer_data) return;
    ThreadState& state = state_of(t);
    programs_.remove_thread(state.thread);
    delete &state;
    t.observer_data = nullptr;
  }

 private:
  static void copy(char (&to)[HP_NAME_MAX], const char* from) {
    std::memcpy(to, from, HP_NAME_MAX);
    to[HP_NAME_MAX - 1] = '\0';
  }
  /* What is kept for a thread of the guest. */
  struct ThreadState {
    static constexpr size_t kRates = 16;
    handler::ProgramTable::Thread* thread;
    struct {
      uint64_t program; /* its bit */
      uint32_t probe;   /* ID */
    } rate[kRates];     /* what samples it, in the order of its timers */
    size_t rates;
    /* The call, if any, at whose entry a clause raised a signal. */
    struct {
      uint64_t number = ~0ull, pc = 0, stack = 0;
      bool undone = false;
    } raised;
  };
  ThreadState& state_of(guest::ThreadView& t) {
    if (!t.observer_data) t.observer_data = new ThreadState{programs_.add_thread(), {}, 0, {}};
    return *static_cast<ThreadState*>(t.observer_data);
  }

  /* A signal that a clause raises at a call's entry comes before the call, which is then made again:
   * that is not another entry, or the clause would raise for ever. */
  bool made_again(guest::ThreadView& t, const guest::Syscall& s) noexcept {
    if (!t.observer_data) return false;
    auto& r = state_of(t).raised;
    if (r.number == ~0ull) return false;
    if (!r.undone) return r = {}, false;
    if (r.number != s.nr || r.pc != t.pc || r.stack != t.stack) return false; /* of the handler */
    return r = {}, true;
  }

  /* A child of a process that unshared its PID namespace lives in the new one. */
  void check_namespace() {
    const uint64_t home = control_->pid_namespace, mine = handler::pid_namespace();
    handler::set_foreign_process(home != 0 && mine != 0 && home != mine);
  }

  void fire(hp_firing& f, guest::ThreadView& t, uint64_t nr, uint32_t is_return) noexcept {
    uint64_t index = nr < HP_CTL_SYSCALLS ? nr : HP_CTL_SYSCALLS - 1;
    uint64_t programs = __atomic_load_n(&control_->mask[index][is_return], __ATOMIC_ACQUIRE);
    if (programs == 0) return;
    complete(f);
    programs_.fire(*state_of(t).thread, programs,
                   HP_PROBE_SYSCALL + 2 * static_cast<uint32_t>(index) + is_return, f);
  }

  /* What every firing of this guest says. */
  void complete(hp_firing& f) noexcept {
    f.vmid = __atomic_load_n(&control_->vmid, __ATOMIC_RELAXED);
    if (handler::is_foreign_process()) f.host_tid |= handler::kForeignOwner;
    f.flags = 0;
    f.ancestors = nullptr;
    f.nancestors = 0;
    f.vmname = name_;
    f.hostname = hostname_;
    f.osversion = osversion_;
    f.mem = static_cast<GuestAccess*>(&memory_);
  }

  hp_ctl* control_;
  handler::ProgramTable programs_;
  ProcessGuestAccess memory_;
  char name_[HP_NAME_MAX], hostname_[HP_NAME_MAX], osversion_[HP_NAME_MAX];
};

}  // namespace hp::host
