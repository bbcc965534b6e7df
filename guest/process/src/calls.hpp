/* System calls that the monitor answers itself or corrects on their way to the kernel. Each returns
 * what RAX gets, or kRestart. Grouped by the file that implements them. */
#pragma once
#include "thread.hpp"

extern "C" {
int64_t hp_safe_syscall(uint64_t nr, const uint64_t args[6], const volatile int* attention);
long hp_raw_clone(long flags, void* stack, int* ptid, int* ctid, void* tls, int (*fn)(void*),
                  void* arg);
}

namespace hp::guest {

/* The last link: the kernel, by way of the corrections below. */
class KernelLink final : public Interposer {
 public:
  int64_t call(ThreadView&, Syscall&, Chain&) noexcept override;
};

/* The call as it stands; interruptible by the guest's signals. */
int64_t forward(GuestThread&, const Syscall&);

/* process_calls.cpp */
int64_t call_clone(GuestThread&, const Syscall&); /* clone, clone3, fork, vfork */
int64_t call_exit(GuestThread&, const Syscall&);

/* exec.cpp */
int64_t call_execve(GuestThread&, const Syscall&); /* execve, execveat */

/* proc_files.cpp: calls that name files, where /proc would show the monitor. True if answered. */
bool correct_path_call(GuestThread&, const Syscall&, int64_t& result);

/* limits.cpp: calls that read or set a limit which the kernel counts the monitor against. True if
 * answered. */
bool correct_limit_call(const Syscall&, int64_t& result);

/* descriptors.cpp: calls that would touch the monitor's own descriptors. True if answered. */
bool correct_descriptor_call(GuestThread&, const Syscall&, int64_t& result);

}  // namespace hp::guest
