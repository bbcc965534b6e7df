#include "handler/program.hpp"

#include <sys/wait.h>

#include <thread>

#include "fixture.hpp"

using namespace hp;
using namespace hp::test;

TEST_CASE("Program: a firing runs the clauses of its probe, in order, and no others") {
  Fixture f;
  ArrayMemory memory("some text");
  f.firing.mem = static_cast<GuestAccess*>(&memory);
  f.firing.args[0] = 1;
  f.firing.args[1] = memory.address();
  f.firing.args[5] = 3;
  CHECK(f.program->fire_id(kRead, f.firing));
  CHECK(f.g().entries == 1);
  CHECK(f.g().weight == 1000);
  CHECK(f.g().local_seen == 7); /* this-> of clause 0, seen by clause 1 */
  CHECK(std::string(f.g().text) == "some text");
  CHECK(f.g().length == 9);
  CHECK(f.g().computed == 3 * f.g().loaded);
  CHECK(f.g().begins == 0);
  CHECK(f.g().errors == 0);
  CHECK(f.program->fire_id(kRead, f.firing));
  CHECK(f.g().local_seen == 7); /* zeroed for each firing */
  CHECK(f.segment.firings() == 4);
}

TEST_CASE("Program: probes that are not in the table fire nothing, probes added later do") {
  Fixture f;
  constexpr uint32_t kCreat = HP_PROBE_SYSCALL + 2 * 85;
  CHECK(!f.program->fire_id(kCreat, f.firing));
  CHECK(!f.program->fire_id(HP_PROBE_DYNAMIC + 1000000, f.firing));
  value(f.segment.add_probe(kCreat, "syscall", "vmlinux", "creat", "entry"));
  CHECK(f.program->fire_id(kCreat, f.firing));
  CHECK(f.g().entries == 1);
}

TEST_CASE("Program: the target of a 5-tuple decides who runs its clause") {
  Fixture f;
  CHECK(f.program->fire_id(kWriteReturn, f.firing));
  auto other = f.load({"db1", "dbhost"});
  CHECK(!other->fire_id(kWriteReturn, f.firing));
  auto by_host = f.load({"x", "webhost"});
  CHECK(by_host->fire_id(kWriteReturn, f.firing));
  CHECK(f.segment.firings() == 2);
}

TEST_CASE("Program: guest probes run only while ACTIVE and before exit, BEGIN, END, ERROR differ") {
  Fixture f;
  f.segment.set_state(HP_STATE_NEW);
  CHECK(!f.program->fire_id(kExitGroup, f.firing));
  CHECK(f.program->fire_id(HP_PROBE_BEGIN, f.firing));
  f.segment.set_state(HP_STATE_ACTIVE);
  CHECK(f.program->fire_id(kExitGroup, f.firing)); /* its clause calls exit(3) */
  CHECK(f.g().after_exit == 0);                    /* so the next clause does not run */
  CHECK(f.segment.exiting());
  CHECK(f.segment.header()->exit_status == 3);
  CHECK(!f.program->fire_id(kRead, f.firing));
  CHECK(!f.program->fire_id(HP_PROBE_BEGIN, f.firing));
  f.segment.set_state(HP_STATE_DRAINING);
  CHECK(f.program->fire_id(HP_PROBE_END, f.firing));
  CHECK(f.g().ends == 1);
}

TEST_CASE("Program: a bad pointer gives an error record and the ERROR clauses, no crash") {
  Fixture f;
  f.firing.args[1] = 0xdead0000; /* hp_firing.mem is null: nothing can be read */
  CHECK(f.program->fire_id(kRead, f.firing));
  CHECK(f.g().entries == 1); /* the first clause ran */
  CHECK(f.segment.errors() == 1);
  CHECK(f.g().errors == 1);
  CHECK(f.g().error_args[1] == 4);  /* epid: the fourth enabling */
  CHECK(f.g().error_args[2] == 1);  /* action */
  CHECK(f.g().error_args[3] == 99); /* offset */
  CHECK(f.g().error_args[4] == HP_FLT_BADADDR);
  CHECK(f.g().error_args[5] == 0xdead0000);
  CHECK(f.g().error_local == 0); /* ERROR has this-> variables of its own */

  host::SlotSnapshot snapshot;
  int records = 0;
  for (uint32_t i = 0; i < f.segment.view().nslots(); i++) {
    REQUIRE(f.segment.take(i, snapshot));
    snapshot.for_each_record([&](const hp_rec& r) {
      records++;
      REQUIRE(r.kind == HP_REC_ERROR);
      CHECK(r.clause == 1);
      CHECK(r.probe == 3);
      CHECK(r.vmid == 5);
      CHECK(r.timestamp != 0);
      const auto& e = reinterpret_cast<const hp_rec_error&>(*(&r + 1));
      CHECK(e.fault == HP_FLT_BADADDR);
      CHECK(e.addr == 0xdead0000);
      CHECK(e.action == 1);
    });
  }
  CHECK(records == 1);
}

TEST_CASE("Program: an error inside an ERROR clause is counted and goes no further") {
  Fixture f;
  f.g().fault_in_error = 1;
  CHECK(f.program->fire_id(kRead, f.firing));
  CHECK(f.g().errors == 1);
  CHECK(f.segment.errors() == 1);
  CHECK(f.segment.drops(HP_DROP_DBLERROR) == 1);
}

TEST_CASE("Program: error records that do not fit are dropped and counted") {
  host::SegmentOptions options;
  options.bufsize = 4096;
  options.ncpus = 1;
  Fixture f(options);
  uint64_t room = f.segment.view().principal_size() / (sizeof(hp_rec) + sizeof(hp_rec_error));
  for (uint64_t i = 0; i < room + 5; i++) CHECK(f.program->fire_id(kRead, f.firing));
  CHECK(f.segment.drops(HP_DROP_PRINCIPAL) == 5);
}

TEST_CASE("Program: counts of many threads and of forked processes add up") {
  Fixture f;
  constexpr uint32_t kCreat = HP_PROBE_SYSCALL + 2 * 85;
  value(f.segment.add_probe(kCreat, "syscall", "vmlinux", "creat", "entry"));
  constexpr uint64_t kThreads = 4, kChildren = 3, kFirings = 20000;
  auto fire = [&f](uint32_t cpu) {
    hp_firing firing = f.firing;
    firing.host_tid = ::gettid();
    firing.cpu = cpu;
    for (uint64_t i = 0; i < kFirings; i++) f.program->fire_id(kCreat, firing);
  };
  pid_t children[kChildren];
  for (pid_t& child : children) {
    child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      fire(1);
      ::_exit(0);
    }
  }
  /* The consumer drains while they run: what it took and what is left must add up. */
  host::SlotSnapshot snapshot;
  uint64_t counted = 0;
  auto drain = [&] {
    for (uint32_t i = 0; i < f.segment.view().nslots(); i++)
      if (f.segment.take(i, snapshot))
        snapshot.for_each_aggregation(f.program->object(),
                                      [&](const hp_agg_entry& e, auto key, auto words) {
                                        CHECK(e.agg == 0);
                                        CHECK(key.size() == 8);
                                        counted += words[0];
                                      });
  };
  std::vector<std::thread> threads;
  for (uint32_t t = 0; t < kThreads; t++) threads.emplace_back(fire, t);
  for (int i = 0; i < 200; i++) drain();
  for (auto& t : threads) t.join();
  for (pid_t child : children) {
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
  }
  drain();
  constexpr uint64_t kAll = (kThreads + kChildren) * kFirings;
  CHECK(counted + f.segment.drops(HP_DROP_SLOTBUSY) == kAll);
  CHECK(f.g().entries == counted);
  CHECK(snapshot.malformed() == 0);
}

TEST_CASE("Program: a segment made for another program is refused") {
  Fixture f;
  f.segment.header()->strsize = 128;
  auto r = handler::Program::load(object("clauses"), f.segment.fd(), {"", ""});
  REQUIRE(!r);
  CHECK(r.error().message.find("another D program") != std::string::npos);
}
