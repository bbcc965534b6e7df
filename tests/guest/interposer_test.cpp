#include "guest/interposer.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace hp::guest;

namespace {

struct Log final : SyscallObserver {
  std::vector<std::string> lines;
  void entry(ThreadView&, const Syscall& s) noexcept override {
    lines.push_back("entry " + std::to_string(s.nr) + " " + std::to_string(s.args[0]));
  }
  void exit(ThreadView&, const Syscall& s, int64_t r) noexcept override {
    lines.push_back("exit " + std::to_string(s.nr) + " = " + std::to_string(r));
  }
};

/* The end of a chain: answers, and notes what arrived. */
struct Kernel final : Interposer {
  int64_t answer = 0;
  std::vector<uint64_t> seen;
  int64_t call(ThreadView&, Syscall& s, Chain&) noexcept override {
    seen.push_back(s.args[0]);
    return answer;
  }
};

struct AddTo final : Interposer {
  uint64_t n;
  explicit AddTo(uint64_t value) : n(value) {}
  int64_t call(ThreadView& t, Syscall& s, Chain& next) noexcept override {
    s.args[0] = s.args[0] * 10 + n;
    return next(t, s) * 10 + static_cast<int64_t>(n);
  }
};

int64_t run(std::vector<Interposer*> links, uint64_t nr, uint64_t arg) {
  ThreadView t;
  Syscall s{nr, {arg}};
  Chain chain(links.data(), links.data() + links.size());
  return chain(t, s);
}

void listen(hp_ctl& c, uint64_t nr, int which, uint64_t programs) {
  c.mask[nr][which] = programs;
  c.any |= programs;
}

}  // namespace

TEST_CASE("links compose like functions: the first sees the call first and its result last") {
  Kernel kernel;
  kernel.answer = 7;
  AddTo a(1), b(2);
  CHECK(run({&a, &b, &kernel}, 39, 5) == 721);
  CHECK(kernel.seen == std::vector<uint64_t>{512});
}

TEST_CASE("the syscall provider fires what the masks ask for, and nothing else") {
  static hp_ctl control{};
  control = {};
  Log log;
  ObserverLink link(&control, &log);
  Kernel kernel;
  kernel.answer = -2;
  SUBCASE("nobody listens") {
    CHECK(run({&link, &kernel}, 2, 1) == -2);
    CHECK(log.lines.empty());
  }
  SUBCASE("entry only") {
    listen(control, 2, 0, 1);
    run({&link, &kernel}, 2, 9);
    run({&link, &kernel}, 3, 9);
    CHECK(log.lines == std::vector<std::string>{"entry 2 9"});
  }
  SUBCASE("return only, with the result") {
    listen(control, 2, 1, 4);
    run({&link, &kernel}, 2, 9);
    CHECK(log.lines == std::vector<std::string>{"exit 2 = -2"});
  }
  SUBCASE("any without the mask bit: a program is being taken away") {
    control.any = 1;
    run({&link, &kernel}, 2, 9);
    CHECK(log.lines.empty());
  }
  SUBCASE("numbers beyond the table fire as the last one") {
    listen(control, HP_CTL_SYSCALLS - 1, 0, 1);
    run({&link, &kernel}, 100000, 3);
    CHECK(log.lines == std::vector<std::string>{"entry 100000 3"});
  }
  SUBCASE(
      "a return is reported with the arguments the guest gave, not what later links made of them") {
    listen(control, 2, 0, 1);
    AddTo a(1);
    run({&link, &a, &kernel}, 2, 5);
    CHECK(log.lines == std::vector<std::string>{"entry 2 5"});
    CHECK(kernel.seen == std::vector<uint64_t>{51});
  }
}

TEST_CASE("without a control page the provider costs nothing and fires nothing") {
  Log log;
  ObserverLink link(nullptr, &log);
  Kernel kernel;
  CHECK(run({&link, &kernel}, 0, 0) == 0);
  ThreadView t;
  link.fire_exit(t, Syscall{}, 0);
  CHECK(log.lines.empty());
}

TEST_CASE("a firing holds identity and arguments at entry, result and errno at return") {
  ThreadView t;
  t.identity.pid = 10, t.identity.tid = 11, t.identity.ppid = 9;
  t.identity.uid = 1000, t.identity.gid = 100;
  std::snprintf(t.identity.comm, sizeof t.identity.comm, "prog");
  t.vcpu = 3;
  t.host_tid = 12;
  t.pc = 0x401000, t.stack = 0x7000, t.frame = 0x7010;
  Syscall s{1, {1, 2, 3, 4, 5, 6}};
  hp_firing f;
  fill_entry(f, t, s);
  CHECK(f.pid == 10);
  CHECK(f.tid == 11);
  CHECK(f.ppid == 9);
  CHECK(f.uid == 1000);
  CHECK(f.host_tid == 12);
  CHECK(std::string(f.execname) == "prog");
  CHECK(f.args[5] == 6);
  CHECK(f.args[6] == 0);
  CHECK(f.err == 0);
  CHECK(f.pc == 0x401000);
  fill_exit(f, t, s, -13);
  CHECK(f.args[0] == ~0ull);
  CHECK(f.args[1] == ~0ull);
  CHECK(f.err == 13);
  fill_exit(f, t, s, 42);
  CHECK(f.args[0] == 42);
  CHECK(f.err == 0);
  fill_exit(f, t, s, -5000); /* an address, not an error */
  CHECK(f.err == 0);
}
