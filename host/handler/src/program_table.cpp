#include "handler/program_table.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bit>
#include <cstring>
#include <new>

#include "handler/private_descriptors.hpp"
#include "transport/descriptor_room.hpp"

namespace hp::handler {

namespace {

uint32_t generation_of(const hp_ctl* c, uint32_t slot) {
  return __atomic_load_n(&c->program[slot].generation, __ATOMIC_ACQUIRE);
}
bool committed(const hp_ctl* c, uint32_t slot) {
  return __atomic_load_n(&c->program[slot].state, __ATOMIC_ACQUIRE) == HP_PROG_COMMITTED;
}

/* Waits for an event on one descriptor; false on timeout. The time starts anew after a signal. */
bool wait_for(int fd, short events, int timeout_ms) {
  pollfd p{fd, events, 0};
  int n;
  do n = ::poll(&p, 1, timeout_ms);
  while (n < 0 && errno == EINTR);
  return n > 0;
}

}  // namespace

ProgramTable::ProgramTable(hp_ctl* control, int socket) : control_(control), socket_(socket) {}

ProgramTable::~ProgramTable() {
  for (auto& slot : slots_) delete slot.load();
}

ProgramTable::Thread* ProgramTable::add_thread() {
  std::lock_guard guard(lock_);
  for (auto& t : threads_)
    if (!t->used) {
      t->used = true;
      return t.get();
    }
  threads_.push_back(std::make_unique<Thread>());
  return threads_.back().get();
}

void ProgramTable::remove_thread(Thread* thread) {
  std::lock_guard guard(lock_);
  Epochs::leave(thread->reader);
  thread->used = false;
}

void ProgramTable::forked(Thread* survivor) {
  std::lock_guard guard(lock_);
  for (auto& t : threads_) {
    if (t.get() == survivor) continue;
    Epochs::leave(t->reader);
    t->used = false;
  }
  for (auto& slot : slots_)
    if (Loaded* l = slot.load(); l && l->program) l->program->forked();
}

void ProgramTable::fire(Thread& thread, uint64_t programs, uint32_t id,
                        hp_firing& firing) noexcept {
  epochs_.enter(thread.reader);
  for (; programs != 0; programs &= programs - 1) {
    Program* p = meet(static_cast<uint32_t>(std::countr_zero(programs)));
    if (!p) continue;
    if (p->uses_ppid()) [[unlikely]]
      look_up_parents(thread, *p, firing);
    p->fire_id(id, firing);
  }
  Epochs::leave(thread.reader);
  if (pending_.load(std::memory_order_relaxed)) [[unlikely]]
    reclaim();
}

void ProgramTable::look_up_parents(Thread& thread, const Program& p, hp_firing& firing) noexcept {
  firing.ppid = ::getppid();
  if (!p.uses_ancestors()) return;
  thread.ancestry.refresh(hp_now(), socket_);
  firing.ancestors = thread.ancestry.pids();
  firing.nancestors = thread.ancestry.size();
}

Program* ProgramTable::meet(uint32_t slot) noexcept {
  if (!committed(control_, slot)) return nullptr;
  Loaded* l = slots_[slot].load(std::memory_order_seq_cst);
  if (l && l->generation == generation_of(control_, slot)) [[likely]] {
    if (l->program) return l->program.get();
    if (l->retry_at == 0 || hp_now() < l->retry_at) return nullptr;
  }
  return load(slot, true);
}

void ProgramTable::prefetch() {
  uint64_t any = __atomic_load_n(&control_->any, __ATOMIC_ACQUIRE);
  for (; any != 0; any &= any - 1) {
    auto slot = static_cast<uint32_t>(std::countr_zero(any));
    if (committed(control_, slot)) load(slot, false);
  }
}

Program* ProgramTable::load(uint32_t slot, bool hidden) {
  std::lock_guard guard(lock_);
  uint32_t wanted = generation_of(control_, slot);
  Loaded* old = slots_[slot].load();
  if (old && old->generation == wanted && old->program) return old->program.get();
  /* A new program is also the time to let go of those that ended. */
  for (uint32_t s = 0; s < HP_CTL_PROGRAMS; s++) {
    Loaded* l = slots_[s].load();
    if (s != slot && l && (!committed(control_, s) || l->generation != generation_of(control_, s)))
      replace(s, nullptr);
  }
  auto fresh = std::make_unique<Loaded>();
  fresh->generation = wanted;
  Result<std::unique_ptr<Program>> program = fail("");
  auto work = [&] {
    try {
      program = request(slot, &fresh->generation);
      if (!program && program.error().code == EMFILE) { /* RLIMIT_NOFILE of the guest's */
        DescriptorRoom room;
        program = request(slot, &fresh->generation);
      }
    } catch (const std::bad_alloc&) { /* RLIMIT_AS of the guest's, for one */
      program = fail("no memory for a D program", ENOMEM);
    }
  };
  if (hidden)
    with_private_descriptors(socket_, work);
  else
    work();
  if (program) {
    fresh->program = std::move(*program);
  } else {
    /* A program that ended meanwhile is no failure. */
    const int code = program.error().code;
    if (code != ENOENT && code != EPIPE)
      __atomic_fetch_add(&control_->load_failures, 1, __ATOMIC_RELAXED);
    /* Only time heals a supervisor that does not answer; another generation all else. */
    if (program.error().code == ETIMEDOUT) fresh->retry_at = hp_now() + kRetryNs;
  }
  Program* result = fresh->program.get();
  replace(slot, std::move(fresh));
  reclaim_locked();
  return result;
}

Result<std::unique_ptr<Program>> ProgramTable::request(uint32_t slot, uint32_t* generation) {
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
    return fail_errno("cannot ask for a program");
  Fd mine(pair[0]), theirs(pair[1]);
  hp_ctl_request q{HP_CTL_GET_PROGRAM, slot, *generation, ::getpid()};
  int pass = theirs.get();
  if (!wait_for(socket_, POLLOUT, kTimeoutMs))
    return fail("the guest's supervisor does not listen", ETIMEDOUT);
  HP_TRYV(send_with_fds(socket_, &q, sizeof q, &pass, 1));
  theirs.reset();
  if (!wait_for(mine.get(), POLLIN, kTimeoutMs))
    return fail("the guest's supervisor does not answer", ETIMEDOUT);
  hp_ctl_reply reply{};
  Fd fds[2];
  size_t nfds = 0;
  size_t n = HP_TRY(recv_with_fds(mine.get(), &reply, sizeof reply, fds, 2, &nfds));
  if (n != sizeof reply) return fail("the guest's supervisor is gone", EPIPE);
  if (reply.error != 0) return fail("the program is gone", reply.error);
  if (nfds != 2) return fail("the supervisor's answer came without its descriptors", EMFILE);
  *generation = reply.generation;
  Object object = HP_TRY(Object::read(fds[0].get()));
  Target target{{control_->name, strnlen(control_->name, HP_NAME_MAX)},
                {control_->hostname, strnlen(control_->hostname, HP_NAME_MAX)},
                {control_->osversion, strnlen(control_->osversion, HP_NAME_MAX)}};
  return Program::load(std::move(object), fds[1].get(), target);
}

void ProgramTable::replace(uint32_t slot, std::unique_ptr<Loaded> fresh) {
  Loaded* old = slots_[slot].exchange(fresh.release(), std::memory_order_seq_cst);
  if (!old) return;
  retired_.push_back({epochs_.advance(), std::unique_ptr<Loaded>(old)});
  pending_.store(true);
}

void ProgramTable::reclaim() noexcept {
  std::unique_lock guard(lock_, std::try_to_lock);
  if (guard) reclaim_locked();
}

void ProgramTable::reclaim_locked() {
  uint64_t oldest = Epochs::kNobody;
  for (auto& t : threads_) oldest = Epochs::oldest(oldest, t->reader);
  /* A firing that began in the epoch of the removal, or before, may still use the program. */
  std::erase_if(retired_, [&](const Retired& r) { return r.epoch < oldest; });
  pending_.store(!retired_.empty());
}

size_t ProgramTable::loaded() {
  std::lock_guard guard(lock_);
  size_t n = retired_.size();
  for (auto& slot : slots_) n += slot.load() != nullptr;
  return n;
}

}  // namespace hp::handler
