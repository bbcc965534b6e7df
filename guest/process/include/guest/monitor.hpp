/* The monitor: runs one program as a process guest inside the calling process.
 *
 * run_monitor() loads the program, builds its VM and never returns when that succeeds: the guest's
 * exit is this process's exit, with the same status or signal. fork(2) in the guest makes another
 * such process; execve(2) in the guest executes the monitor's own file again with options that
 * hyprobe-guest understands (see exec.cpp). */
#pragma once
#include <string>
#include <vector>

#include "guest/interposer.hpp"
#include "transport/result.hpp"

namespace hp::guest {

struct MonitorOptions {
  int control_fd = -1; /* hp_ctl memfd; -1: untraced */
  int socket_fd = -1;  /* to the supervisor, see transport/control.h */
  int program_fd = -1; /* after exec: the program's file, checked already */
  int self_fd = -1;    /* the monitor's own file, for exec; -1: /proc/self/exe is opened */
  int kvm_fd = -1;     /* /dev/kvm, opened by an earlier monitor of the guest; -1: it is opened */
  std::string comm;    /* from_exec: the process's name */
  unsigned gate = HP_GATE_AUTO; /* without a control page; otherwise hp_ctl.gate counts */
  bool from_exec = false;       /* an execve of the guest, not the first program */
  uint64_t thread_number = 0; /* from_exec: of the thread that called execve (ThreadView::number) */
  uint64_t exec_sigmask = 0;  /* guest-blocked signals that the host mask does not hold */
  /* Taken around fork(2): other threads may be inside the heap. nullptr: a heap that needs none. */
  void (*lock_heap)() = nullptr;
  void (*unlock_heap)() = nullptr;
  std::string program;           /* path; the first program is looked up in PATH */
  std::vector<std::string> argv; /* argv[0] first */
};

/* Moves the monitor's descriptors out of the guest's way and updates the numbers; makes room for the
 * monitor in the limits on memory. Call it first. */
void secure_process(MonitorOptions&);

/* The guest-control page, mapped for the life of the process; nullptr when untraced. */
Result<hp_ctl*> map_control(int control_fd);

/* Only returns with an error, to be printed by main; its code is the errno. links: modules between
 * the guest and the syscall provider, outermost first. observer may be nullptr. All outlive the
 * call. */
Error run_monitor(const MonitorOptions&, hp_ctl*, SyscallObserver*,
                  const std::vector<Interposer*>& links = {});

}  // namespace hp::guest
