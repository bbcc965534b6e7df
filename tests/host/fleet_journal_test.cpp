/* The journal's calls: what they keep, refuse, cut and prune. */
#include "fleet_journal.hpp"

using namespace hp;
using namespace hp::test;
using State = FleetJournal::State;

TEST_CASE("what a program went through is there after a restart") {
  JournalFolder folder;
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

TEST_CASE("steps out of order are refused, repeated ones are not") {
  JournalFolder folder;
  FleetJournal journal = must(FleetJournal::open(folder.path()));
  CHECK(journal.committed(ident_of(1)).error().code == ENOENT);
  CHECK(journal.ended(ident_of(1), "").error().code == ENOENT);
  CHECK(journal.detached(ident_of(1), true).error().code == ENOENT);
  must(journal.received(program(1)));
  CHECK(journal.received(program(1)).error().code == EEXIST);
  must(journal.committed(ident_of(1)));
  must(journal.committed(ident_of(1)));
  CHECK(journal.received(program(1)).error().code == EEXIST);
  must(journal.detached(ident_of(1), false));
  must(journal.segment(ident_of(1), 5, 6, 7));
  const auto changed = must(journal.open_programs());
  REQUIRE(changed.size() == 1);
  CHECK_FALSE(changed[0].detached);
  CHECK(changed[0].segment_dev == 5);
  CHECK(changed[0].segment_ino == 6);
  must(journal.ended(ident_of(1), "first"));
  must(journal.ended(ident_of(1), "second"));
  CHECK(must(journal.history(1))[0].reason == "first");
  CHECK(journal.committed(ident_of(1)).error().code == ENOENT);
  /* Its consumer lives and submits it again. */
  must(journal.received(program(1)));
  CHECK(must(journal.history(10)).empty());
  const auto open = must(journal.open_programs());
  REQUIRE(open.size() == 1);
  CHECK(open[0].committed_ns == 0);
  CHECK(open[0].reason.empty());
}

TEST_CASE("programs come in the order in which they were submitted") {
  JournalFolder folder;
  FleetJournal journal = must(FleetJournal::open(folder.path()));
  for (uint32_t n : {5, 3, 9}) must(journal.received(program(n)));
  must(journal.ended(ident_of(5), "aborted"));
  must(journal.received(program(5)));
  std::vector<uint32_t> order;
  for (const auto& p : must(journal.open_programs())) order.push_back(number_of(p.ident));
  CHECK(order == std::vector<uint32_t>{3, 9, 5});
}

TEST_CASE("texts are kept as they are, up to their limits") {
  JournalFolder folder;
  FleetJournal journal = must(FleetJournal::open(folder.path()));
  auto p = program(1);
  p.script = std::string("a\0'\xff\n", 5) + std::string(FleetJournal::kMaxScript, 'x');
  must(journal.received(p));
  must(journal.ended(p.ident, std::string(FleetJournal::kMaxReason - 1, 'y') + "\xc3\xa4"));
  const auto kept = must(journal.history(1))[0];
  CHECK(kept.script == p.script.substr(0, FleetJournal::kMaxScript));
  CHECK(kept.reason == std::string(FleetJournal::kMaxReason - 1, 'y')); /* no half a letter */
  CHECK_FALSE(journal.guest(0, "a", 0));
  CHECK_FALSE(journal.guest(4096, "a", 0));
  CHECK_FALSE(journal.guest(1, "", 0));
  CHECK_FALSE(journal.guest(1, std::string(256, 'a'), 0));
  CHECK(must(journal.guests()).empty());
}

TEST_CASE("events have growing numbers, over restarts as well") {
  JournalFolder folder;
  for (uint64_t start = 0; start < 3; start++) {
    FleetJournal journal = must(FleetJournal::open(folder.path()));
    const auto e = must(journal.event("joined", ident_of(7), "web1", "3 probes"));
    CHECK(e.id == 2 * start + 1);
    CHECK(e.time_ns > 0);
    CHECK(must(journal.event("started", {}, "", std::string(2000, 'z'))).text.size() ==
          FleetJournal::kMaxEventText);
  }
  FleetJournal journal = must(FleetJournal::open(folder.path()));
  const auto all = must(journal.events(0, 100));
  REQUIRE(all.size() == 6);
  CHECK(all[2].kind == "joined");
  CHECK(all[2].program == ident_of(7));
  CHECK(all[2].guest == "web1");
  CHECK(all[2].text == "3 probes");
  CHECK_FALSE(all[3].program);
  const auto some = must(journal.events(2, 2));
  REQUIRE(some.size() == 2);
  CHECK(some[0].id == 3);
  const auto last = must(journal.recent_events(2));
  REQUIRE(last.size() == 2);
  CHECK(last[0].id == 5);
  CHECK(must(journal.events(UINT64_MAX, SIZE_MAX)).empty());
}

TEST_CASE("the journal does not grow without bound") {
  JournalFolder folder;
  uint64_t bytes = 0;
  {
    FleetJournal journal = must(FleetJournal::open(folder.path()));
    constexpr uint32_t programs = FleetJournal::kHistory + 300;
    must(journal.received(program(0)));
    for (uint32_t n = 1; n <= programs; n++) {
      must(journal.received(program(n)));
      must(journal.ended(ident_of(n), "killed"));
    }
    const auto history = must(journal.history(SIZE_MAX));
    CHECK(history.size() >= FleetJournal::kHistory);
    CHECK(history.size() < FleetJournal::kHistory + 100);
    CHECK(history[0].ident == ident_of(programs));
    CHECK(must(journal.open_programs()).size() == 1);
    for (uint32_t n = 0; n < FleetJournal::kEvents + 1000; n++)
      must(journal.event("joined", {}, "web1", "text"));
    const size_t events = must(journal.events(0, SIZE_MAX)).size();
    CHECK(events >= FleetJournal::kEvents);
    CHECK(events < FleetJournal::kEvents + 600);
    bytes = journal.bytes();
    CHECK(bytes > 0);
    CHECK(bytes < 16u << 20);
  }
  FleetJournal journal = must(FleetJournal::open(folder.path()));
  CHECK(must(journal.history(SIZE_MAX)).size() == FleetJournal::kHistory);
}
