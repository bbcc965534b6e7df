/* The participant of two-phase commit as pure logic, with a host that answers at once or later. */
#include "transport/participant.hpp"

#include <doctest/doctest.h>

#include <map>
#include <set>

using namespace hp;

namespace {

ProgramIdent ident(uint8_t n) {
  return {n};
}

/* Counts what its program host was asked. A late one answers when it is let. */
struct TestGuest final : ProgramHost {
  Participant p{*this};
  std::map<ProgramIdent, int> enabled;
  std::set<ProgramIdent> loading, enabling;
  bool refuses = false, late = false;

  Result<uint32_t> result() const {
    if (refuses) return fail("cannot");
    return 1u;
  }
  std::optional<Result<uint32_t>> load(const ProgramIdent& i, const ProgramFiles&) override {
    REQUIRE(enabled.count(i) == 0);
    if (late || !refuses) enabled[i] = 0;
    if (!late) return result();
    REQUIRE(loading.insert(i).second);
    return std::nullopt;
  }
  bool enable(const ProgramIdent& i) override {
    REQUIRE(enabled.at(i) == 0);
    REQUIRE(loading.count(i) == 0);
    if (!late) enabled[i] = 1;
    if (late) REQUIRE(enabling.insert(i).second);
    return !late;
  }
  void unload(const ProgramIdent& i) override {
    loading.erase(i);
    enabling.erase(i);
    REQUIRE(enabled.erase(i) == 1);
  }
  /* The late answers. */
  ParticipantAnswer finish_load(const ProgramIdent& i) {
    loading.erase(i);
    if (refuses) enabled.erase(i);
    return p.loaded(i, result());
  }
  ParticipantAnswer finish_enable(const ProgramIdent& i) {
    enabling.erase(i);
    enabled.at(i) = 1;
    return p.enabled(i);
  }
};

bool runs_only(const Participant& p, uint8_t n) {
  const std::vector<Claim> claims = p.running();
  return claims.size() == 1 && claims[0].ident == ident(n);
}

}  // namespace

TEST_CASE("a participant is idempotent and forgets what was not decided") {
  TestGuest g;
  CHECK(g.p.prepare(ident(1), 1).kind == ParticipantAnswer::Prepared);
  CHECK(g.p.prepare(ident(1), 1).kind == ParticipantAnswer::Prepared);
  CHECK(g.p.undecided() == 1);
  CHECK(g.p.running().empty());
  CHECK(g.p.prepare(ident(2), 2).probes == 1);
  CHECK(g.p.commit(ident(1), 1).kind == ParticipantAnswer::Committed);
  CHECK(g.p.commit(ident(1), 1).kind == ParticipantAnswer::Committed);
  CHECK(g.enabled.at(ident(1)) == 1);
  g.p.disconnected();
  CHECK(g.enabled.count(ident(2)) == 0);
  CHECK(runs_only(g.p, 1));
  CHECK(g.p.commit(ident(2), 2).kind == ParticipantAnswer::Refused);
  CHECK(g.p.kill(ident(1), 1).kind == ParticipantAnswer::Killed);
  CHECK(g.p.kill(ident(1), 1).kind == ParticipantAnswer::Killed);
  CHECK(g.enabled.empty());
  g.refuses = true;
  CHECK(g.p.prepare(ident(3), 3).kind == ParticipantAnswer::Refused);
  CHECK_FALSE(g.p.knows(ident(3)));
}

TEST_CASE("a participant answers when its host does, and once") {
  TestGuest g;
  g.late = true;
  CHECK(g.p.prepare(ident(1), 1).kind == ParticipantAnswer::None);
  CHECK(g.p.prepare(ident(1), 1).kind == ParticipantAnswer::None); /* the answer is still to come */
  CHECK(g.p.commit(ident(1), 1).kind == ParticipantAnswer::Refused);
  CHECK(g.p.enabled(ident(1)).kind == ParticipantAnswer::None);
  CHECK(g.finish_load(ident(1)).kind == ParticipantAnswer::Prepared);
  CHECK(g.p.loaded(ident(1), 5u).kind == ParticipantAnswer::None);
  CHECK(g.p.prepare(ident(1), 1).probes == 1); /* asked again: said again */
  CHECK(g.p.undecided() == 1);
  CHECK(g.p.commit(ident(1), 1).kind == ParticipantAnswer::None);
  CHECK(g.p.commit(ident(1), 1).kind == ParticipantAnswer::None);
  CHECK(g.p.undecided() == 1);
  CHECK(runs_only(g.p, 1)); /* it is decided */
  CHECK(g.finish_enable(ident(1)).kind == ParticipantAnswer::Committed);
  CHECK(g.p.enabled(ident(1)).kind == ParticipantAnswer::None);
  CHECK(g.p.commit(ident(1), 1).kind == ParticipantAnswer::Committed);
  CHECK(g.p.undecided() == 0);
  g.refuses = true;
  CHECK(g.p.prepare(ident(2), 2).kind == ParticipantAnswer::None);
  const ParticipantAnswer refusal = g.finish_load(ident(2));
  CHECK(refusal.kind == ParticipantAnswer::Refused);
  CHECK(refusal.reason == "cannot");
  CHECK_FALSE(g.p.knows(ident(2)));
}

TEST_CASE("a late answer about a program that was dropped meanwhile is nobody's") {
  TestGuest g;
  g.late = true;
  CHECK(g.p.prepare(ident(1), 1).kind == ParticipantAnswer::None);
  SUBCASE("killed before it was prepared") {
    CHECK(g.p.kill(ident(1), 1).kind == ParticipantAnswer::Killed);
  }
  SUBCASE("aborted") {
    g.p.abort(ident(1), 1);
  }
  SUBCASE("the coordinator went") {
    g.p.disconnected();
  }
  SUBCASE("the guest went") {
    g.p.reset();
  }
  CHECK(g.enabled.empty());
  CHECK(g.p.loaded(ident(1), 1u).kind == ParticipantAnswer::None);
  CHECK_FALSE(g.p.knows(ident(1)));
  CHECK(g.p.prepare(ident(1), 2).kind == ParticipantAnswer::None); /* and it can come again */
  CHECK(g.finish_load(ident(1)).kind == ParticipantAnswer::Prepared);
}

TEST_CASE("what is being enabled when the coordinator goes stays, for it was decided") {
  TestGuest g;
  g.late = true;
  (void)g.p.prepare(ident(1), 1);
  (void)g.finish_load(ident(1));
  (void)g.p.commit(ident(1), 1);
  g.p.disconnected();
  CHECK(g.finish_enable(ident(1)).kind == ParticipantAnswer::Committed);
  CHECK(runs_only(g.p, 1));
  g.p.reset();
  CHECK(g.enabled.empty());
  CHECK(g.p.running().empty());
}

TEST_CASE("a number that was met before is not loaded again") {
  TestGuest g;
  SUBCASE("it was killed") {
    CHECK(g.p.prepare(ident(1), 5).kind == ParticipantAnswer::Prepared);
    CHECK(g.p.kill(ident(1), 5).kind == ParticipantAnswer::Killed);
  }
  SUBCASE("ABORT came before it") {
    g.p.abort(ident(1), 5);
  }
  SUBCASE("it was refused") {
    g.refuses = true;
    CHECK(g.p.prepare(ident(1), 5).kind == ParticipantAnswer::Refused);
    g.refuses = false;
  }
  const ParticipantAnswer again = g.p.prepare(ident(1), 5);
  CHECK(again.kind == ParticipantAnswer::Refused);
  CHECK(again.transaction == 5);
  CHECK(g.enabled.empty());
  CHECK(g.p.prepare(ident(2), 4).kind == ParticipantAnswer::Prepared); /* another, overtaken */
  CHECK(g.p.prepare(ident(1), 6).kind == ParticipantAnswer::Prepared);
  g.p.disconnected(); /* what was said in a session is not said in the next */
  CHECK(g.p.prepare(ident(1), 5).kind == ParticipantAnswer::Prepared);
}

TEST_CASE("a new number replaces what is held, an old one does nothing to it") {
  TestGuest g;
  (void)g.p.prepare(ident(1), 5);
  (void)g.p.commit(ident(1), 5);
  CHECK(g.enabled.at(ident(1)) == 1);
  CHECK(g.p.prepare(ident(1), 7).transaction == 7);
  CHECK(g.enabled.at(ident(1)) == 0); /* nothing fires until it is committed anew */
  CHECK(g.p.commit(ident(1), 5).kind == ParticipantAnswer::Refused);
  CHECK(g.p.kill(ident(1), 5).kind == ParticipantAnswer::Killed);
  g.p.abort(ident(1), 5);
  CHECK(g.p.knows(ident(1)));
  CHECK(g.p.prepare(ident(1), 4).kind == ParticipantAnswer::Refused);
  CHECK(g.p.commit(ident(1), 7).kind == ParticipantAnswer::Committed);
  CHECK(g.p.running().at(0).transaction == 7);
  CHECK(g.p.kill(ident(1), 8).kind == ParticipantAnswer::Killed); /* a later one: it is over */
  CHECK(g.enabled.empty());
}

TEST_CASE("a coordinator without numbers means what is held") {
  TestGuest g;
  CHECK(g.p.prepare(ident(1), 0).kind == ParticipantAnswer::Prepared);
  CHECK(g.p.prepare(ident(1), 0).kind == ParticipantAnswer::Prepared);
  CHECK(g.p.commit(ident(1), 0).kind == ParticipantAnswer::Committed);
  CHECK(g.p.kill(ident(1), 0).kind == ParticipantAnswer::Killed);
  CHECK(g.p.prepare(ident(1), 0).kind == ParticipantAnswer::Prepared); /* and it can come again */
}

TEST_CASE("what waits for a decision is said again, and only that") {
  TestGuest g;
  (void)g.p.prepare(ident(1), 1);
  (void)g.p.prepare(ident(2), 2);
  (void)g.p.commit(ident(2), 2);
  const auto said = g.p.remind();
  REQUIRE(said.size() == 1);
  CHECK(said[0].first == ident(1));
  CHECK(said[0].second.kind == ParticipantAnswer::Prepared);
  CHECK(said[0].second.transaction == 1);
}

TEST_CASE("however many numbers a session meets, they take bounded room and none is taken twice") {
  SeenTransactions seen;
  for (Transaction n = 1; n <= 1000; n++) seen.add(n);
  CHECK(seen.numbers().size() == SeenTransactions::kKept);
  for (Transaction n = 1; n <= 1000; n++) CHECK(seen.has(n));
  CHECK_FALSE(seen.has(1001));
}
