#include "handler/private_descriptors.hpp"

#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "transport/fd.hpp"

/* clone(2) under the C library's other name: ThreadSanitizer intercepts the usual one and takes the
 * thread for a forked child, whose parent goes on. */
extern "C" int __clone(int (*)(void*), void*, int, void*, ...);

namespace hp::handler {

namespace {

struct Call {
  int keep;
  void (*work)(void*);
  void* argument;
};

int run(void* p) {
  auto* call = static_cast<Call*>(p);
  if (::unshare(CLONE_FILES) == 0) {
    /* Copies of the guest's: closing them frees numbers and changes nothing for the guest. */
    if (call->keep > 0) ::syscall(SYS_close_range, 0u, static_cast<unsigned>(call->keep) - 1, 0u);
    ::syscall(SYS_close_range, static_cast<unsigned>(call->keep) + 1, ~0u, 0u);
  }
  call->work(call->argument);
  return 0;
}

}  // namespace

void call_with_private_descriptors(int keep, void (*work)(void*), void* argument) {
  Call call{keep, work, argument};
  void* memory = ::mmap(nullptr, kPrivateStack, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (memory == MAP_FAILED) return work(argument);
  Mapping stack(memory, kPrivateStack);

  /* The kernel's set, which includes the signals that the C library keeps to itself. */
  uint64_t all = ~0ull, old = 0;
  ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &old, sizeof old);
  /* CLONE_VFORK: the caller sleeps until the thread has ended, so both may use one set of
   * thread-local variables. */
  int tid = ::__clone(run, stack.as<char>(kPrivateStack),
                      CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
                          CLONE_SYSVSEM | CLONE_VFORK,
                      &call);
  int error = errno;
  ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &old, nullptr, sizeof old);
  if (tid < 0) work(argument);
  errno = error;
}

}  // namespace hp::handler
