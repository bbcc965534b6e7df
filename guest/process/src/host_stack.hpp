/* What a guest thread's host thread runs on: stack, thread-local storage, signal stack. Threads end
 * with the real exit(2) on their own stack, and the next thread reuses it. */
#pragma once
#include <cstdint>

namespace hp::guest {

struct HostStack {
  int busy = 0;        /* atomic; cleared by the dying thread's very last instruction */
  void* top = nullptr; /* where a new thread's stack begins */
  void* tls = nullptr; /* FS base of the C library's thread; nullptr: runs on its parent's */
  void* signal_stack = nullptr;
  HostStack* next = nullptr; /* all that were ever made */
};

/* Starts fn(arg) on a host thread; all its signals must be blocked by the caller. Returns 0 or
 * -errno. fn gets the thread's HostStack, and ends with end_host_thread. */
int start_host_thread(void (*fn)(HostStack*, void*), void* arg);
[[noreturn]] void end_host_thread(HostStack*, int status);

/* A bare stack without thread-local storage of its own, for vfork children. */
HostStack* take_bare_stack();
void give_bare_stack(HostStack*);

/* Around fork(2). */
void lock_host_stacks();
void unlock_host_stacks();
/* In the child: every other thread is gone; `mine` (may be null) is the survivor's. */
void forget_host_threads(HostStack* mine);

}  // namespace hp::guest
