/* The primitives of segment.h, as this placement (a monitor or the consumer) provides them. */
#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <ctime>

#include "handler/link.hpp"
#include "handler/program.hpp"
#include "handler/slot_lock.hpp"
#include "transport/guest_access.hpp"

namespace {

uint64_t nanoseconds(clockid_t clock) {
  timespec t;
  clock_gettime(clock, &t);
  return static_cast<uint64_t>(t.tv_sec) * 1000000000u + static_cast<uint64_t>(t.tv_nsec);
}

hp::GuestAccess* memory_of(hp_ctx* ctx) {
  return static_cast<hp::GuestAccess*>(ctx->firing->mem);
}

/* nullptr: the thread that fires is one of this kernel's. */
hp::GuestThread* guest_thread(hp_ctx* ctx) {
  hp::GuestAccess* mem = memory_of(ctx);
  return mem ? mem->thread() : nullptr;
}

const hp::handler::Program* program_of(const hp_ctx* ctx) {
  return static_cast<const hp::handler::Program*>(ctx->program);
}

int no_memory(hp_ctx* ctx, uint64_t gva) {
  ctx->fault_addr = gva;
  return HP_FLT_BADADDR;
}

/* argv of the process as it is now, words joined by blanks: of the guest's program, or this one's. */
uint32_t read_arguments(hp_ctx* ctx, char* dst, uint32_t max) {
  const hp_firing* f = ctx->firing;
  uint64_t size = 0;
  if (hp::GuestAccess* mem = memory_of(ctx)) {
    if (f->args_end <= f->args_start) return 0;
    size = std::min<uint64_t>(f->args_end - f->args_start, max);
    uint64_t bad = 0;
    if (mem->read(dst, f->args_start, size, &bad) != 0) return 0;
  } else {
    const int fd = ::open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    const ssize_t n = ::read(fd, dst, max);
    ::close(fd);
    size = n > 0 ? static_cast<uint64_t>(n) : 0;
  }
  /* The last word's NUL goes; so does what does not fit. */
  if (size > 0 && (size == max || dst[size - 1] == '\0')) --size;
  std::replace(dst, dst + size, '\0', ' ');
  return static_cast<uint32_t>(size);
}

/* Some faults carry no address of their own; the access's start stands for it. */
int report(hp_ctx* ctx, int fault, uint64_t bad) {
  if (fault != 0) ctx->fault_addr = bad;
  return fault;
}

}  // namespace

extern "C" {

int hp_load(hp_ctx* ctx, void* dst, uint64_t gva, uint64_t size) {
  hp::GuestAccess* mem = memory_of(ctx);
  if (!mem) return no_memory(ctx, gva);
  uint64_t bad = gva;
  int fault = mem->read(dst, gva, size, &bad);
  return report(ctx, fault, bad);
}

int hp_load_str(hp_ctx* ctx, char* dst, uint64_t gva, uint64_t max, uint64_t* len) {
  hp::GuestAccess* mem = memory_of(ctx);
  if (!mem) return no_memory(ctx, gva);
  if (max == 0) return report(ctx, HP_FLT_BADSIZE, gva);
  uint64_t bad = gva, length = 0;
  int fault = mem->read_string(dst, gva, max, &length, &bad);
  if (fault == 0 && len) *len = length;
  return report(ctx, fault, bad);
}

int hp_store(hp_ctx* ctx, uint64_t gva, const void* src, uint64_t size) {
  hp::GuestAccess* mem = memory_of(ctx);
  if (!mem) return no_memory(ctx, gva);
  uint64_t bad = gva;
  int fault = mem->write(gva, src, size, &bad);
  return report(ctx, fault, bad);
}

uint64_t hp_now(void) {
  return nanoseconds(CLOCK_MONOTONIC);
}
uint64_t hp_walltime(void) {
  return nanoseconds(CLOCK_REALTIME);
}
/* Of the thread that fires, which may have handed its call to a helper thread. */
uint64_t hp_vtime(hp_ctx* ctx) {
  const hp_firing* f = ctx->firing;
  if (hp::GuestThread* thread = guest_thread(ctx)) return thread->cpu_time();
  if (f->tid == static_cast<int32_t>(f->host_tid & ~hp::handler::kForeignOwner))
    return nanoseconds(CLOCK_THREAD_CPUTIME_ID);
  /* The kernel's encoding of a thread's clock: the complement of its tid, per thread, CPU time. */
  constexpr clockid_t kPerThread = 4, kSchedulerTime = 2;
  return nanoseconds((~f->tid << 3) | kPerThread | kSchedulerTime);
}

uint32_t hp_ustack(hp_ctx* ctx, uint64_t* pcs, uint32_t max) {
  hp::handler::UserSpace* space = program_of(ctx)->user_space();
  return space ? space->walk(*ctx->firing, pcs, max) : 0;
}

uint64_t hp_space(hp_ctx* ctx) {
  if (hp::GuestThread* thread = guest_thread(ctx)) return thread->space(*ctx->firing);
  hp::handler::UserSpace* space = program_of(ctx)->user_space();
  return space ? space->number(program_of(ctx)->segment(), *ctx->firing)
               : static_cast<uint32_t>(ctx->firing->pid);
}

uint32_t hp_kstack(hp_ctx* ctx, uint64_t* pcs, uint32_t max) {
  hp::GuestThread* thread = guest_thread(ctx);
  return thread ? thread->kernel_stack(pcs, max) : 0;
}

uint64_t hp_kspace(hp_ctx* ctx) {
  hp::GuestThread* thread = guest_thread(ctx);
  return thread ? thread->kernel_space(*ctx->firing) : 0;
}

/* As struct pt_regs has them, and after it. */
uint64_t hp_ureg(hp_ctx* ctx, uint64_t n) {
  const hp_firing* f = ctx->firing;
  const hp_uregs* r = f->uregs;
  if (!r) return n == 16 ? f->pc : n == 19 ? f->stack : n == 4 ? f->frame : 0;
  constexpr uint64_t kUserCode = 0x33, kUserStack = 0x2b; /* Linux's selectors */
  const uint64_t all[] = {r->r15, r->r14, r->r13, r->r12,    r->rbp,    r->rbx, r->r11,
                          r->r10, r->r9,  r->r8,  r->rax,    r->rcx,    r->rdx, r->rsi,
                          r->rdi, r->rax, r->rip, kUserCode, r->rflags, r->rsp, kUserStack};
  return n < sizeof all / sizeof all[0] ? all[n] : 0;
}

int hp_panic(hp_ctx* ctx) {
  if (hp::GuestAccess* mem = memory_of(ctx)) mem->panic(*ctx->firing);
  return HP_FLT_ILLOP;
}

int hp_owner_dead(uint32_t owner) {
  ::sched_yield();
  return hp::handler::owner_is_dead(owner) ? 1 : 0;
}

int hp_thread_gone(uint32_t tid) {
  return hp::handler::thread_is_gone(tid) ? 1 : 0;
}

uint32_t hp_epid(hp_ctx* ctx) {
  const hp::handler::Program* p = program_of(ctx);
  return hp::handler::enabled_probe_id(p->object(), p->segment().probes(), p->segment().nprobes(),
                                       ctx->probe, ctx->clause);
}

/* Else monitors and the consumer are the processes that fire: the kernel may be asked about oneself. */
int64_t hp_identity(hp_ctx* ctx, uint32_t what) {
  if (hp::GuestThread* thread = guest_thread(ctx)) return thread->identity(what);
  switch (what) {
    case HP_ID_PGID:
      return ::getpgrp();
    case HP_ID_SID:
      return ::getsid(0);
    case HP_ID_EUID:
      return ::geteuid();
    case HP_ID_EGID:
      return ::getegid();
    default:
      return 0;
  }
}

uint32_t hp_text(hp_ctx* ctx, uint32_t what, char* dst, uint32_t max) {
  if (max == 0) return 0;
  uint32_t length = 0;
  if (what == HP_TEXT_EXECARGS) {
    length = read_arguments(ctx, dst, max);
  } else if (hp::GuestThread* thread = guest_thread(ctx)) {
    length = std::min(thread->path(what, dst, max - 1), max - 1);
  } else {
    char path[PATH_MAX];
    const ssize_t n = what == HP_TEXT_CWD ? ::syscall(SYS_getcwd, path, sizeof path) - 1
                                          : ::readlink("/proc/self/root", path, sizeof path);
    if (n > 0) length = std::min(static_cast<uint32_t>(n), max - 1);
    std::memcpy(dst, path, length);
  }
  dst[length] = '\0';
  return length;
}

}  // extern "C"

namespace hp::handler {

std::span<const Import> primitives() {
  static const Import table[] = {
      {"hp_load", reinterpret_cast<uint64_t>(&hp_load)},
      {"hp_load_str", reinterpret_cast<uint64_t>(&hp_load_str)},
      {"hp_store", reinterpret_cast<uint64_t>(&hp_store)},
      {"hp_now", reinterpret_cast<uint64_t>(&hp_now)},
      {"hp_walltime", reinterpret_cast<uint64_t>(&hp_walltime)},
      {"hp_vtime", reinterpret_cast<uint64_t>(&hp_vtime)},
      {"hp_ustack", reinterpret_cast<uint64_t>(&hp_ustack)},
      {"hp_space", reinterpret_cast<uint64_t>(&hp_space)},
      {"hp_kstack", reinterpret_cast<uint64_t>(&hp_kstack)},
      {"hp_kspace", reinterpret_cast<uint64_t>(&hp_kspace)},
      {"hp_ureg", reinterpret_cast<uint64_t>(&hp_ureg)},
      {"hp_panic", reinterpret_cast<uint64_t>(&hp_panic)},
      {"hp_owner_dead", reinterpret_cast<uint64_t>(&hp_owner_dead)},
      {"hp_thread_gone", reinterpret_cast<uint64_t>(&hp_thread_gone)},
      {"hp_epid", reinterpret_cast<uint64_t>(&hp_epid)},
      {"hp_identity", reinterpret_cast<uint64_t>(&hp_identity)},
      {"hp_text", reinterpret_cast<uint64_t>(&hp_text)},
  };
  return table;
}

}  // namespace hp::handler
