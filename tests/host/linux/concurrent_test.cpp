#include <atomic>
#include <thread>

#include "guest.hpp"

using namespace hp;
using namespace hp::test;
using namespace hp::linux_guest;

TEST_CASE("vCPUs fire while programs come and go, and nothing of a removed one runs") {
  constexpr uint32_t kVcpus = 3;
  constexpr int kRounds = 60;
  TestGuest g;
  REQUIRE(g.machine.map(0xffff888000000000, 3 << 20));
  TestProgram lasting("fbt::vfs_read:entry { @ = count(); }"),
      passing("fbt::vfs_*:entry { self->n++; @[*(int*)arg0] = count(); }", 2);
  const uint32_t id = g.enable(lasting).attach.at(0).head.probe;
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> fired{0};
  std::vector<std::thread> vcpus;
  for (uint32_t n = 0; n < kVcpus; ++n)
    vcpus.emplace_back([&, n] {
      FakeVcpu v(n, g.machine.paging());
      hp_probe_page& page = g.fill(id, n);
      page.args[0] = 0xffff888000000000;
      while (!stop) {
        page.tid = 101 + static_cast<int32_t>(fired++ % 7);
        g.probes.fire(v, &page);
      }
    });
  for (int i = 0; i < kRounds; ++i) {
    g.prepare(passing);
    g.probes.commit(passing.ident);
    const uint64_t until = fired + 20;
    while (fired < until) std::this_thread::yield();
    g.probes.remove(passing.ident);
    const uint64_t then = passing.segment.firings();
    const uint64_t later = fired + 20;
    while (fired < later) std::this_thread::yield();
    CHECK(passing.segment.firings() == then);
  }
  stop = true;
  for (std::thread& t : vcpus) t.join();
  CHECK(passing.segment.firings() > 0);
  CHECK(passing.segment.errors() == 0);
  CHECK(lasting.segment.firings() + lasting.segment.drops(HP_DROP_SLOTBUSY) == fired);
}

TEST_CASE("guests enter probes in one program's table at the same time, each name once") {
  constexpr int kGuests = 4;
  TestProgram p("fbt:::, syscall:::, sdt:::, vmm::: { @ = count(); }");
  std::vector<std::thread> threads;
  std::atomic<int> done{0};
  for (int i = 0; i < kGuests; ++i)
    threads.emplace_back([&] {
      FakeMachine machine;
      GuestProbes probes(machine.ram(), "web", "web", "");
      auto kernel = GuestKernel::make(kernel_files());
      if (!kernel) return;
      probes.set_kernel(*kernel);
      auto object = Object::parse(p.elf);
      if (object && probes.prepare(p.ident, std::move(*object), p.segment.fd())) ++done;
    });
  for (std::thread& t : threads) t.join();
  CHECK(done == kGuests);
  auto names = p.entered();
  CHECK(names.size() > 700);
  std::sort(names.begin(), names.end());
  CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
}

TEST_CASE("a table whose last writer died is taken over") {
  TestGuest g;
  TestProgram p("fbt::vfs_read:entry { @ = count(); }");
  constexpr uint32_t kNobody = 0x3fffffff;
  p.segment.header()->tables_lock = kNobody;
  CHECK(g.prepare(p).probes == 1);
  CHECK(p.segment.header()->tables_lock == 0);
}

TEST_CASE("a page that changes under the reader's eyes breaks nothing") {
  constexpr int kFirings = 20000;
  TestGuest g;
  TestProgram p(
      "fbt::vfs_read:entry { @[execname, probefunc] = count(); @s[stack(), ustack()] = count(); "
      "self->x = copyinstr(arg0); trace(cwd); trace(execargs); trace(uregs[R_RIP]); }");
  const uint32_t id = g.enable(p).attach.at(0).head.probe;
  g.fill(id);
  std::atomic<bool> stop{false};
  std::thread other_vcpu([&] {
    uint64_t x = 88172645463325252;
    auto* words = reinterpret_cast<uint64_t*>(g.page());
    while (!stop) {
      x ^= x << 13, x ^= x >> 7, x ^= x << 17;
      const size_t i = x % (sizeof(hp_probe_page) / 8);
      if (i > 1) __atomic_store_n(&words[i], x * 0x9e3779b97f4a7c15, __ATOMIC_RELAXED);
      uint64_t* tables = g.machine.at(Gpa(FakeMachine::kRoot));
      __atomic_store_n(&tables[x >> 32 & 511], (x & 0x3ff000) | 7 | (x >> 20 & 0x80),
                       __ATOMIC_RELAXED);
    }
  });
  FakeVcpu v(0, g.machine.paging());
  for (int i = 0; i < kFirings; ++i) {
    g.probes.fire(v, g.page());
    if (i % 1000 == 0) p.counts();
  }
  stop = true;
  other_vcpu.join();
  CHECK(p.segment.firings() >= kFirings);
}
