/* What a guest thread's host thread runs on: stack, thread-local storage, signal stack. Threads end
 * with the real exit(2) on their own stack, and the next thread reuses it. */
#pragma once
#include <cstdint>

namespace hp::guest {

struct HostStack {
  int busy = 0; /* atomic; cleared, once, by the dying thread's very last instruction, or by who
                        * waited for it to be gone */
  void* top = nullptr; /* where a new thread's stack begins */
  void* tls = nullptr; /* FS base of the C library's thread; nullptr: runs on its parent's */
  void* signal_stack = nullptr;
  HostStack* next = nullptr; /* all that were ever made */
};

/* Starts fn(arg) on a host thread; all its signals must be blocked by the caller. Returns 0 or
 * -errno. fn gets the thread's HostStack, and ends with end_host_thread. */
int start_host_thread(void (*fn)(HostStack*, void*), void* arg);
[[noreturn]] void end_host_thread(HostStack*, int status);

/* A stack with thread-local storage for a process that shares this memory; null when there is no memory.
 * `busy` is set; whoever ends on it last clears it. Call it with all signals blocked. */
HostStack* take_host_stack();
/* Ends the process that runs on the stack, as end_host_thread does for a thread. */
[[noreturn]] void end_host_process(HostStack*, int status);

/* Around fork(2): no other thread is just being made, here or in the C library. */
void lock_host_stacks();
void unlock_host_stacks();
/* In the child: every other thread is gone; `mine` (may be null) is the survivor's. */
void forget_host_threads(HostStack* mine);

}  // namespace hp::guest
