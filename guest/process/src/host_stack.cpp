#include "host_stack.hpp"

#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/rseq.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>

#include "calls.hpp"
#include "signals.hpp"

extern "C" [[noreturn]] void hp_exit_releasing(long nr, int status, int* busy);

namespace hp::guest {

namespace {

constexpr size_t kStackSize = 256 << 10;

std::mutex mutex;
HostStack* all = nullptr;

struct Start {
  void (*fn)(HostStack*, void*);
  void* arg;
  HostStack* stack;
};

void* map_stack(size_t size) {
  void* p = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  return p == MAP_FAILED ? nullptr : p;
}

/* The C library's per-thread rseq area serves sched_getcpu; a reused one must be registered again.
 */
void register_rseq() {
  if (__rseq_size == 0) return;
  auto* area = static_cast<char*>(__builtin_thread_pointer()) + __rseq_offset;
  syscall(SYS_rseq, area, 32, 0, RSEQ_SIG);
}

int run_reused(void* p) {
  Start start = *static_cast<Start*>(p);
  delete static_cast<Start*>(p);
  register_rseq();
  use_host_altstack(start.stack->signal_stack);
  start.fn(start.stack, start.arg);
  __builtin_unreachable();
}

void* run_new(void* p) {
  Start start = *static_cast<Start*>(p);
  delete static_cast<Start*>(p);
  HostStack* s = start.stack;
  s->tls = __builtin_thread_pointer();
  s->top = static_cast<char*>(__builtin_frame_address(0)) - 256;
  s->top = reinterpret_cast<void*>(reinterpret_cast<uint64_t>(s->top) & ~63ull);
  use_host_altstack(s->signal_stack);
  start.fn(s, start.arg);
  return nullptr;
}

HostStack* claim_free() {
  std::lock_guard guard(mutex);
  for (HostStack* s = all; s; s = s->next) {
    if (__atomic_load_n(&s->busy, __ATOMIC_ACQUIRE) != 0) continue;
    __atomic_store_n(&s->busy, 1, __ATOMIC_RELAXED);
    return s;
  }
  return nullptr;
}

}  // namespace

int start_host_thread(void (*fn)(HostStack*, void*), void* arg) {
  HostStack* stack = claim_free();
  if (stack) {
    auto* start = new Start{fn, arg, stack};
    long flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
                 CLONE_SETTLS;
    long r = hp_raw_clone(flags, stack->top, nullptr, nullptr, stack->tls, run_reused, start);
    if (r > 0) return 0;
    delete start;
    __atomic_store_n(&stack->busy, 0, __ATOMIC_RELEASE);
    return static_cast<int>(r);
  }
  stack = new HostStack;
  stack->busy = 1;
  stack->signal_stack = map_stack(kHostAltStack);
  if (!stack->signal_stack) return -EAGAIN;
  auto* start = new Start{fn, arg, stack};
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStackSize);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread;
  std::lock_guard guard(
      mutex); /* fork(2) must not copy the C library's locks while they are held */
  int err = pthread_create(&thread, &attributes, run_new, start);
  pthread_attr_destroy(&attributes);
  if (err) {
    munmap(stack->signal_stack, kHostAltStack);
    delete start;
    delete stack;
    return -err;
  }
  stack->next = all;
  all = stack;
  return 0;
}

void end_host_thread(HostStack* stack, int status) {
  static int nobody;
  hp_exit_releasing(SYS_exit, status, stack ? &stack->busy : &nobody);
}

void end_host_process(HostStack* stack, int status) {
  hp_exit_releasing(SYS_exit_group, status, &stack->busy);
}

HostStack* take_host_stack() {
  for (;;) {
    HostStack* found = claim_free();
    if (found) return found;
    /* The C library makes thread-local storage for threads only: start one that ends at once. */
    if (start_host_thread([](HostStack* s, void*) { end_host_thread(s, 0); }, nullptr) != 0)
      return nullptr;
    while (!(found = claim_free())) sched_yield();
    return found;
  }
}

void lock_host_stacks() {
  mutex.lock();
}
void unlock_host_stacks() {
  mutex.unlock();
}

void forget_host_threads(HostStack* mine) {
  for (HostStack* s = all; s; s = s->next)
    if (s != mine) s->busy = s->tls ? 0 : 1; /* one still starting has no TLS to reuse */
}

}  // namespace hp::guest
