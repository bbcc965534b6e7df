#include "handler/program_table.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <thread>

#include "fixture.hpp"

using namespace hp;
using namespace hp::test;
using handler::ProgramTable;

#if defined(__SANITIZE_THREAD__)
/* A forked child loads a program on a thread of its own, as monitors do. */
extern "C" const char* __tsan_default_options();
extern "C" const char* __tsan_default_options() {
  return "die_after_fork=0";
}
#endif

namespace {

/* The supervisor's side of control.h: a control page in memory, and a thread that answers requests
 * with the object and the segment of whatever runs in the slot. */
class Supervisor {
 public:
  Supervisor() {
    int pair[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
    mine_ = Fd(pair[0]);
    theirs = Fd(pair[1]);
    std::string bytes = object_bytes("clauses");
    object_ = value(make_memfd("object", bytes.size()));
    REQUIRE(::pwrite(object_.get(), bytes.data(), bytes.size(), 0) == ssize_t(bytes.size()));
    thread_ = std::thread([this] { serve(); });
  }
  ~Supervisor() {
    ::shutdown(mine_.get(), SHUT_RDWR);
    thread_.join();
  }
  /* The program in slot n is now this one; monitors load it when they fire it. */
  void run(uint32_t slot, const Fixture& f) {
    __atomic_store_n(&ctl.program[slot].state, HP_PROG_PREPARED, __ATOMIC_RELEASE);
    segment_[slot].store(f.segment.fd());
    __atomic_store_n(&ctl.program[slot].generation, ++generation_, __ATOMIC_RELEASE);
    __atomic_store_n(&ctl.program[slot].state, HP_PROG_COMMITTED, __ATOMIC_RELEASE);
  }
  void end(uint32_t slot) {
    __atomic_store_n(&ctl.program[slot].state, HP_PROG_DEAD, __ATOMIC_RELEASE);
  }
  hp_ctl ctl{};
  Fd theirs;
  std::atomic<int> requests{0};
  std::atomic<int> refuse{0}; /* errno */

 private:
  void serve() {
    for (;;) {
      hp_ctl_request q{};
      Fd reply_to[1];
      size_t nfds = 0;
      auto n = recv_with_fds(mine_.get(), &q, sizeof q, reply_to, 1, &nfds);
      if (!n || *n != sizeof q || nfds != 1) return;
      requests++;
      hp_ctl_reply reply{};
      int fds[2] = {object_.get(), segment_[q.slot].load()};
      reply.generation = generation_;
      reply.error = refuse;
      (void)send_with_fds(reply_to[0].get(), &reply, sizeof reply, fds, refuse ? 0 : 2);
    }
  }
  Fd mine_, object_;
  std::atomic<uint32_t> generation_{0};
  std::atomic<int> segment_[HP_CTL_PROGRAMS] = {};
  std::thread thread_;
};

}  // namespace

TEST_CASE("ProgramTable: a program is loaded when first met, once") {
  Fixture f;
  Supervisor s;
  ProgramTable table(&s.ctl, s.theirs.get());
  auto* me = table.add_thread();
  table.fire(*me, 1, kRead, f.firing); /* the slot is free: nothing */
  CHECK(s.requests == 0);
  s.run(0, f);
  for (int i = 0; i < 3; i++) table.fire(*me, 1, kRead, f.firing);
  CHECK(f.g().entries == 3);
  CHECK(s.requests == 1);
  CHECK(table.loaded() == 1);
}

TEST_CASE("ProgramTable: several programs of a mask all fire, the ended ones do not") {
  Fixture a, b;
  Supervisor s;
  ProgramTable table(&s.ctl, s.theirs.get());
  auto* me = table.add_thread();
  s.run(3, a);
  s.run(63, b);
  uint64_t both = 1ull << 3 | 1ull << 63;
  table.fire(*me, both, kRead, a.firing);
  s.end(3);
  table.fire(*me, both, kRead, a.firing);
  CHECK(a.g().entries == 1);
  CHECK(b.g().entries == 2);
}

TEST_CASE("ProgramTable: a reused slot runs its new program, and the old one is freed") {
  Fixture a, b;
  Supervisor s;
  ProgramTable table(&s.ctl, s.theirs.get());
  auto* me = table.add_thread();
  s.run(0, a);
  table.fire(*me, 1, kRead, a.firing);
  s.run(0, b);
  table.fire(*me, 1, kRead, a.firing);
  CHECK(a.g().entries == 1);
  CHECK(b.g().entries == 1);
  CHECK(table.loaded() == 1);
}

TEST_CASE("ProgramTable: a program that cannot be had is asked for once, and counted") {
  Fixture f;
  Supervisor s;
  s.refuse = EINVAL; /* EMFILE would be our own lack, and worth a second try */
  ProgramTable table(&s.ctl, s.theirs.get());
  auto* me = table.add_thread();
  s.run(0, f);
  for (int i = 0; i < 5; i++) table.fire(*me, 1, kRead, f.firing);
  CHECK(s.requests == 1);
  CHECK(s.ctl.load_failures == 1);
  s.refuse = ENOENT; /* it ended in the meantime: nothing was lost */
  s.run(0, f);
  table.fire(*me, 1, kRead, f.firing);
  CHECK(s.requests == 2);
  CHECK(s.ctl.load_failures == 1);
  s.refuse = 0;
  s.run(0, f);
  table.fire(*me, 1, kRead, f.firing);
  CHECK(f.g().entries == 1);
}

TEST_CASE("ProgramTable: programs come and go while many threads fire") {
  Fixture a, b;
  Supervisor s;
  ProgramTable table(&s.ctl, s.theirs.get());
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> fired{0};
  std::vector<std::thread> threads;
  for (uint32_t t = 0; t < 4; t++)
    threads.emplace_back([&, t] {
      auto* me = table.add_thread();
      hp_firing firing = a.firing;
      firing.host_tid = ::gettid();
      firing.cpu = t;
      while (!stop) {
        table.fire(*me, 1, kRead, firing);
        fired++;
      }
      table.remove_thread(me);
    });
  for (int i = 0; i < 50; i++) {
    Fixture& next = i % 2 ? a : b;
    uint64_t before = next.segment.firings(), calls = fired;
    const auto asked = s.requests.load();
    s.run(0, next);
    /* Until this very program was asked for and has fired; a thread that was held up may still be firing the one
     * of two rounds ago, from the same segment. */
    while (s.requests == asked || next.segment.firings() == before || fired < calls + 100)
      std::this_thread::yield();
    if (i % 5 == 0) s.end(0);
  }
  stop = true;
  for (auto& t : threads) t.join();
  CHECK(s.requests >= 50);
  CHECK(s.ctl.load_failures == 0);
  auto* me = table.add_thread();
  s.run(0, a);
  table.fire(*me, 1, kRead, a.firing);
  CHECK(table.loaded() == 1);
  CHECK(a.segment.firings() + b.segment.firings() > 50);
}

TEST_CASE(
    "ProgramTable: a forked child goes on firing, though another thread was inside a firing") {
  Fixture f;
  Supervisor s;
  ProgramTable table(&s.ctl, s.theirs.get());
  auto* me = table.add_thread();
  s.run(0, f);
  table.fire(*me, 1, kRead, f.firing);
  auto* gone = table.add_thread();
  gone->reader.mark = 1; /* as if that thread were inside a firing at the moment of fork */
  table.lock();
  pid_t child = ::fork();
  table.unlock();
  REQUIRE(child >= 0);
  if (child == 0) {
    table.forked(me);
    hp_firing firing = f.firing;
    firing.host_tid = ::gettid();
    table.fire(*me, 1, kRead, firing);
    s.run(0, f);
    /* Its own copy of the socket, and a supervisor that only answers in the parent: the request
     * passes. */
    table.fire(*me, 1, kRead, firing);
    ::_exit(table.loaded() == 1 ? 0 : 1);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  CHECK(f.g().entries == 3);
}
