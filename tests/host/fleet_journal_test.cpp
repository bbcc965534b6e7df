/* The journal: what was committed is there again, whatever happened to the process, and damage is said. */
#include "host/fleet_journal.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <filesystem>

#include "../support/temporary_directory.hpp"

using namespace hp;
using test::TemporaryDirectory;
using State = FleetJournal::State;

namespace {

ProgramIdent ident_of(uint32_t n) {
  ProgramIdent ident{};
  for (size_t i = 0; i < 4; i++) ident[i] = static_cast<uint8_t>(n >> (8 * (3 - i)));
  return ident;
}

FleetJournal::Program program(uint32_t n) {
  FleetJournal::Program p;
  p.ident = ident_of(n);
  p.uid = 1000;
  p.pid = 4711;
  p.detached = n % 2 == 1;
  p.timeout_ms = 5000;
  p.segment_dev = UINT64_MAX;
  p.segment_ino = uint64_t{1} << 63 | n;
  p.script = "syscall:::entry { @ = count(); }";
  return p;
}

/* Fails the test with the error's message. */
template <class T>
T must(Result<T> result) {
  REQUIRE_MESSAGE(result, result.error().message);
  return std::move(*result);
}
void must(const Result<>& result) {
  REQUIRE_MESSAGE(result, result.error().message);
}

}  // namespace

TEST_CASE("what a program went through is there after a restart") {
  TemporaryDirectory folder;
  {
    FleetJournal journal = must(FleetJournal::open(folder.path()));
    CHECK(journal.epoch() == 1);
    CHECK(journal.warnings().empty());
    for (uint32_t n : {1, 2, 3}) must(journal.received(program(n)));
    must(journal.committed(ident_of(2)));
    must(journal.committed(ident_of(3)));
    must(journal.ended(ident_of(3), "killed"));
    must(journal.guest(7, "web1", 1000));
    must(journal.guest(8, "web1", 1001));
    must(journal.guest(9, "db1", UINT32_MAX));
  }
  CHECK_FALSE(std::filesystem::exists(folder.path() + "/journal.sqlite-wal"));
  FleetJournal journal = must(FleetJournal::open(folder.path()));
  CHECK(journal.epoch() == 2);
  const auto open = must(journal.open_programs());
  REQUIRE(open.size() == 2);
  CHECK(open[0].ident == ident_of(1));
  CHECK(open[0].state == State::Received);
  CHECK(open[0].detached);
  CHECK(open[0].committed_ns == 0);
  CHECK(open[1].state == State::Committed);
  CHECK_FALSE(open[1].detached);
  CHECK(open[1].committed_ns >= open[1].received_ns);
  CHECK(open[1].segment_dev == UINT64_MAX);
  CHECK(open[1].segment_ino == (uint64_t{1} << 63 | 2));
  CHECK(open[1].script == program(2).script);
  const auto history = must(journal.history(10));
  REQUIRE(history.size() == 1);
  CHECK(history[0].reason == "killed");
  CHECK(must(journal.guests()) ==
        std::map<uint32_t, FleetJournal::Guest>{{8, {"web1", 1001}}, {9, {"db1", UINT32_MAX}}});
}
