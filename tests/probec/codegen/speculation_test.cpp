/* Speculations, from D text to the records that come out. */
#include <signal.h>
#include <sys/wait.h>

#include <set>
#include <thread>

#include "d.hpp"

using namespace hp;
using namespace hp::test;

namespace {

std::vector<int64_t> traced_values(D& d) {
  d.drain();
  std::vector<int64_t> out;
  for (const Record& r : d.records)
    out.push_back(r.actions.empty() ? -1 : static_cast<int64_t>(r.actions[0].fields.at(0).number));
  return out;
}

hp_spec* speculation(D& d, uint32_t id) {
  auto* base = reinterpret_cast<uint8_t*>(d.segment.header());
  return reinterpret_cast<hp_spec*>(base + d.segment.header()->spec_off) + (id - 1);
}

/* A process that is gone, though its number was someone's. */
uint32_t dead_thread() {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  ::waitpid(child, nullptr, 0);
  return static_cast<uint32_t>(child);
}

constexpr const char* kThreeSteps =
    "int spec; syscall::open:entry { spec = speculation(); trace(spec); }"
    "syscall::read:entry { speculate(spec); trace(100 + arg2); }"
    "syscall::open:return /arg0 == 1/ { commit(spec); }"
    "syscall::open:return /arg0 == 2/ { discard(spec); }";

}  // namespace

TEST_CASE("speculative records come out when and where they are committed, or never") {
  D d(kThreeSteps);
  d.fire(kOpen);
  d.firing.args[2] = 1;
  d.fire(kRead);
  d.firing.args[2] = 2;
  d.fire(kRead);
  CHECK(traced_values(d) == std::vector<int64_t>{1});
  d.firing.args[0] = 1;
  d.fire(kOpenReturn);
  CHECK(traced_values(d) == std::vector<int64_t>{101, 102});
  d.fire(kOpenReturn); /* nothing is left to commit */
  d.fire(kRead);       /* nor to add to */
  CHECK(traced_values(d).empty());

  d.fire(kOpen); /* the number is free again at once */
  d.fire(kRead);
  d.firing.args[0] = 2;
  d.fire(kOpenReturn);
  d.firing.args[0] = 1;
  d.fire(kOpenReturn);
  CHECK(traced_values(d) == std::vector<int64_t>{1});
  CHECK(d.segment.drops(HP_DROP_SPECUNAVAIL) == 0);
}

TEST_CASE("what one firing commits stands between what it recorded before and after") {
  D d("syscall::open:entry { this->s = speculation(); }"
      "syscall::open:entry { trace(1); }"
      "syscall::open:entry { speculate(this->s); trace(2); }"
      "syscall::open:entry { trace(3); }"
      "syscall::open:entry { commit(this->s); }"
      "syscall::open:entry { trace(4); }");
  d.fire(kOpen);
  d.drain();
  std::vector<int64_t> order;
  for (const Record& r : d.records) {
    order.push_back(static_cast<int64_t>(r.actions.at(0).fields.at(0).number));
    CHECK(r.header.timestamp == d.records[0].header.timestamp);
  }
  CHECK(order == std::vector<int64_t>{1, 3, 2, 4});
}

TEST_CASE("a clause that only speculates traces the default action") {
  D d("syscall::open:entry { this->s = speculation(); } syscall::open:entry { speculate(this->s); }"
      "syscall::open:entry { this->s++; this->s--; commit(this->s); }");
  d.fire(kOpen);
  CHECK(traced_values(d) == std::vector<int64_t>{-1});
}

TEST_CASE("a clause may commit what it has speculated itself") {
  D d("syscall::open:entry { this->s = speculation(); speculate(this->s); trace(5); "
      "commit(this->s); }");
  d.fire(kOpen);
  d.fire(kOpen);
  CHECK(traced_values(d) == std::vector<int64_t>{5, 5});
}

TEST_CASE("speculate() decides about the clause that reaches it") {
  D d("int n; syscall::open:entry { this->s = speculation(); }"
      "syscall::open:entry { if (arg0 == 1) { speculate(this->s); trace(1); } else { trace(2); } }"
      "syscall::open:entry { speculate(0); n++; trace(3); }"
      "syscall::open:entry { speculate(77); n++; trace(4); }"
      "syscall::open:entry { speculate(-1); n++; trace(5); }"
      "syscall::open:entry { discard(this->s); trace(n); }");
  d.firing.args[0] = 1;
  d.fire(kOpen);
  CHECK(traced_values(d) == std::vector<int64_t>{0});
  d.firing.args[0] = 0;
  d.fire(kOpen);
  CHECK(traced_values(d) == std::vector<int64_t>{2, 0});
  CHECK(d.segment.errors() == 0);
}

TEST_CASE("committing or discarding what cannot be a speculation is an illegal operation") {
  for (const char* text : {"commit(-1)", "discard(-1)", "commit(2)", "discard(2)"}) {
    CAPTURE(text);
    D d(std::string("syscall::open:entry { ") + text + "; }");
    d.fire(kOpen);
    d.drain();
    REQUIRE(d.records.size() == 1);
    CHECK(d.records[0].error.fault == HP_FLT_ILLOP);
  }
  D d("syscall::open:entry { commit(0); discard(0); commit(1); discard(1); }");
  d.fire(kOpen);
  d.drain();
  CHECK(d.records.empty());
}

TEST_CASE("a fault leaves nothing in the speculation") {
  D d("syscall::open:entry { this->s = speculation(); }"
      "syscall::open:entry { speculate(this->s); trace(1); trace(1 / arg5); trace(2); }"
      "syscall::open:entry { commit(this->s); }");
  d.fire(kOpen);
  d.drain();
  REQUIRE(d.records.size() == 1);
  CHECK(d.records[0].error.fault == HP_FLT_DIVZERO);
}

TEST_CASE("nspec bounds the speculations, specsize the bytes of each as dtrace counts them") {
  D d("syscall::open:entry { trace(speculation()); } syscall::open:return { discard(2); }",
      {.nspec = 3, .ncpus = 1});
  for (int i = 0; i < 4; i++) d.fire(kOpen);
  d.fire(kOpenReturn);
  d.fire(kOpen);
  CHECK(traced_values(d) == std::vector<int64_t>{1, 2, 3, 0, 2});
  CHECK(d.segment.drops(HP_DROP_SPECUNAVAIL) == 1);

  /* Each record: 8 bytes and an int. */
  D small(kThreeSteps, {.specsize = 36, .ncpus = 1});
  small.fire(kOpen);
  for (int i = 0; i < 5; i++) small.fire(kRead);
  small.firing.args[0] = 1;
  small.fire(kOpenReturn);
  CHECK(traced_values(small).size() == 1 + 2); /* 100 + arg2 is a 64-bit value: 16 bytes */
  CHECK(small.segment.drops(HP_DROP_SPEC) == 3);

  D none(kThreeSteps, {.nspec = 0, .ncpus = 1});
  none.fire(kOpen);
  CHECK(traced_values(none) == std::vector<int64_t>{0});
}

TEST_CASE("what does not fit in the principal buffer is dropped whole, and the number is free") {
  D d(kThreeSteps, {.bufsize = 4096, .ncpus = 1});
  d.fire(kOpen);
  uint64_t speculated = 0;
  for (; speculated < 200; speculated++) d.fire(kRead);
  CHECK(d.segment.drops(HP_DROP_SPEC) == 0);
  d.firing.args[0] = 1;
  d.fire(kOpenReturn);
  CHECK(traced_values(d) == std::vector<int64_t>{1});
  CHECK(d.segment.drops(HP_DROP_PRINCIPAL) == 1);
  d.fire(kOpen);
  CHECK(traced_values(d) == std::vector<int64_t>{1});
}

TEST_CASE("the dead keep neither locks nor speculations") {
  D d(kThreeSteps);
  d.fire(kOpen);
  d.fire(kRead);
  speculation(d, 1)->lock = dead_thread(); /* killed in the middle of a copy */
  d.fire(kRead);
  d.firing.args[0] = 1;
  d.fire(kOpenReturn);
  CHECK(traced_values(d).size() == 3);

  d.fire(kOpen);
  d.fire(kRead);
  speculation(d, 1)->creator = dead_thread();
  d.fire(kOpen); /* its speculation goes to who asks for one, empty */
  d.fire(kOpenReturn);
  CHECK(traced_values(d) == std::vector<int64_t>{1, 1});
  CHECK(d.segment.drops(HP_DROP_SPECUNAVAIL) == 0);
}

TEST_CASE("a lock that a living thread keeps is given up on, and counted") {
  D d(kThreeSteps);
  d.fire(kOpen);
  speculation(d, 1)->lock = static_cast<uint32_t>(::getppid());
  d.fire(kRead);
  CHECK(d.segment.drops(HP_DROP_SPECBUSY) == 1);
  d.firing.args[0] = 1;
  d.fire(kOpenReturn);
  CHECK(d.segment.drops(HP_DROP_SPECBUSY) == 2);
  speculation(d, 1)->state = HP_SPEC_INACTIVE;
  d.fire(kOpen);
  CHECK(d.segment.drops(HP_DROP_SPECBUSY) == 3);
  CHECK(d.segment.drops(HP_DROP_SPECUNAVAIL) == 0);
}

TEST_CASE("threads speculate side by side and together") {
  constexpr int kThreads = 4, kRoundsEach = 2000;
  D d("syscall::open:entry { self->s = speculation(); }"
      "syscall::open:entry { speculate(self->s); trace(arg1); }"
      "syscall::open:entry { speculate(self->s); trace(arg1); }"
      "syscall::open:return { commit(self->s); self->s = 0; }",
      {.nspec = 2, .ncpus = kThreads});
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; t++)
    threads.emplace_back([&d, t] {
      hp_firing f = d.firing;
      f.cpu = static_cast<uint32_t>(t);
      f.tid = 1000 + t;
      f.thread = 1 + static_cast<uint64_t>(t);
      f.host_tid = ::gettid();
      for (int i = 0; i < kRoundsEach; i++) {
        f.args[1] = static_cast<uint64_t>(t * kRoundsEach + i);
        d.program->fire_id(kOpen, f);
        d.program->fire_id(kOpenReturn, f);
      }
    });
  for (auto& t : threads) t.join();
  const std::vector<int64_t> values = traced_values(d);
  CHECK(d.segment.errors() == 0);
  CHECK(d.segment.drops(HP_DROP_SPEC) == 0);
  /* A thread that meets a lock whose holder is not running for long gives up: at most one pair is lost. */
  const uint64_t busy = d.segment.drops(HP_DROP_SPECBUSY) + d.segment.drops(HP_DROP_SLOTBUSY);
  const uint64_t expected = 2 * (kThreads * kRoundsEach - d.segment.drops(HP_DROP_SPECUNAVAIL));
  CHECK(values.size() <= expected);
  CHECK(values.size() + 2 * busy >= expected);
  /* What was speculated together is committed together, once. */
  std::set<int64_t> seen;
  uint64_t alone = 0;
  for (size_t i = 0; i < values.size(); i++) {
    CHECK(seen.insert(values[i]).second);
    if (i + 1 < values.size() && values[i + 1] == values[i])
      i++;
    else
      alone++;
  }
  CHECK(alone <= busy);
}
