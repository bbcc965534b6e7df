/* The participant of two-phase commit, and both sides together under random schedules, checked for what
 * must always hold. */
#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <set>

#include "fleet_transaction.hpp"
#include "transport/participant.hpp"

using namespace hp;
using namespace hp::test;
using namespace std::chrono_literals;

namespace {

/* A guest in the random world: counts what its program host was asked. A late one answers when it is let. */
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

namespace {

/* Coordinator, guests and consumers joined by ordered queues, as the sockets are; the schedule
 * (which queue moves, who comes, refuses, dies, and when time passes) is random. */
struct RandomWorld {
  struct Node {
    std::unique_ptr<TestGuest> guest = std::make_unique<TestGuest>();
    std::string name;
    std::deque<Effect> in;
    std::deque<std::pair<ProgramIdent, ParticipantAnswer>> out;
  };
  std::mt19937 random;
  Coordinator c{64};
  Time now = 1s;
  std::map<PeerId, Node> nodes;
  std::map<ProgramIdent, PeerId> consumers;
  std::set<ProgramIdent> decided, aborted, ended;
  PeerId next_peer = 1;
  uint8_t next_program = 1;

  explicit RandomWorld(unsigned seed) : random(seed) {}
  size_t pick(size_t n) { return std::uniform_int_distribution<size_t>(0, n - 1)(random); }

  void carry_out(Effects effects) {
    for (Effect& e : effects) {
      switch (e.kind) {
        case Effect::Decide: {
          Effects more;
          c.decided(e.program, true, {}, now, more);
          carry_out(std::move(more));
          break;
        }
        case Effect::Commit:
          REQUIRE(aborted.count(e.program) == 0);
          decided.insert(e.program);
          [[fallthrough]];
        case Effect::Prepare:
        case Effect::Abort:
        case Effect::Kill:
          if (auto it = nodes.find(e.peer); it != nodes.end()) it->second.in.push_back(e);
          break;
        case Effect::Aborted:
          REQUIRE(decided.count(e.program) == 0);
          aborted.insert(e.program);
          break;
        case Effect::Committed:
          for (auto& o : e.guests) /* whoever is listed has it enabled, unless it ended since */
            for (auto& [peer, node] : nodes)
              if (node.name == o.name) REQUIRE(node.guest->enabled.count(e.program) == 1);
          break;
        case Effect::Forget:
          ended.insert(e.program);
          consumers.erase(e.program);
          break;
        default:
          break;
      }
    }
    check();
  }

  /* No guest runs what was not decided. */
  void check() {
    for (auto& [peer, node] : nodes)
      for (auto& [program, on] : node.guest->enabled)
        if (on) REQUIRE(decided.count(program) == 1);
  }

  void deliver_to(Node& n) {
    Effect e = n.in.front();
    n.in.pop_front();
    switch (e.kind) {
      case Effect::Prepare:
        n.out.emplace_back(e.program, n.guest->p.prepare(e.program, e.transaction));
        break;
      case Effect::Commit:
        n.out.emplace_back(e.program, n.guest->p.commit(e.program, e.transaction));
        break;
      case Effect::Abort:
        n.guest->p.abort(e.program, e.transaction);
        break;
      default:
        n.out.emplace_back(e.program, n.guest->p.kill(e.program, e.transaction));
    }
    check();
  }

  /* The host of a late guest has done one thing. */
  bool answer_late(Node& n) {
    TestGuest& g = *n.guest;
    if (!g.loading.empty()) {
      const ProgramIdent i = *g.loading.begin();
      n.out.emplace_back(i, g.finish_load(i));
    } else if (!g.enabling.empty()) {
      const ProgramIdent i = *g.enabling.begin();
      n.out.emplace_back(i, g.finish_enable(i));
    } else {
      return false;
    }
    check();
    return true;
  }

  void deliver_from(PeerId peer, Node& n) {
    auto [program, answer] = n.out.front();
    n.out.pop_front();
    Effects effects;
    switch (answer.kind) {
      case ParticipantAnswer::None:
        break;
      case ParticipantAnswer::Prepared:
        c.prepared(peer, program, answer.transaction, answer.probes, now, effects);
        break;
      case ParticipantAnswer::Refused:
        c.refused(peer, program, answer.transaction, answer.reason, now, effects);
        break;
      case ParticipantAnswer::Committed:
        c.committed(peer, program, answer.transaction, now, effects);
        break;
      case ParticipantAnswer::Killed:
        c.killed(peer, program, answer.transaction, now, effects);
        break;
    }
    carry_out(std::move(effects));
  }

  void step() {
    Effects effects;
    switch (pick(12)) {
      case 0: {
        if (nodes.size() >= 4) return;
        PeerId peer = next_peer++;
        Node& n = nodes[peer];
        n.name = "g" + std::to_string(peer);
        n.guest->refuses = pick(8) == 0;
        n.guest->late = pick(3) == 0;
        GuestInfo info;
        info.name = n.name;
        REQUIRE(c.register_guest(peer, info, 0, {}, now, effects));
        return carry_out(std::move(effects));
      }
      case 1: {
        if (consumers.size() >= 3 || next_program > 200) return;
        ProgramIdent i = ident(next_program++);
        PeerId peer = 1000 + next_program;
        consumers[i] = peer;
        ProgramOptions o;
        o.skip_failing = pick(2) == 0;
        REQUIRE(c.submit(peer, i, o, everyone, now, effects));
        return carry_out(std::move(effects));
      }
      case 2: { /* a guest dies */
        if (nodes.empty() || pick(4) != 0) return;
        auto it = std::next(nodes.begin(), static_cast<long>(pick(nodes.size())));
        PeerId peer = it->first;
        nodes.erase(it);
        c.disconnected(peer, now, effects);
        return carry_out(std::move(effects));
      }
      case 3: { /* a consumer dies or ends its program */
        if (consumers.empty() || pick(4) != 0) return;
        auto [i, peer] = *std::next(consumers.begin(), static_cast<long>(pick(consumers.size())));
        if (pick(2) == 0)
          c.kill(i, "", now, effects);
        else
          c.disconnected(peer, now, effects);
        return carry_out(std::move(effects));
      }
      case 4:
        now += std::chrono::milliseconds(pick(2000));
        c.tick(now, effects);
        return carry_out(std::move(effects));
      default: {
        if (nodes.empty()) return;
        auto it = std::next(nodes.begin(), static_cast<long>(pick(nodes.size())));
        Node& n = it->second;
        if (n.guest->late && pick(3) == 0)
          answer_late(n);
        else if (!n.in.empty() && pick(2) == 0)
          deliver_to(n);
        else if (!n.out.empty())
          deliver_from(it->first, n);
      }
    }
  }

  void drain() {
    for (bool moved = true; moved;) {
      moved = false;
      for (auto& [peer, n] : nodes) {
        while (!n.in.empty()) deliver_to(n), moved = true;
        while (answer_late(n)) moved = true;
        while (!n.out.empty()) deliver_from(peer, n), moved = true;
      }
    }
  }
};

}  // namespace

TEST_CASE("random schedules: nothing runs undecided, and all agree when things settle") {
  const unsigned seeds = 3000;
  size_t programs = 0, commits = 0, aborts = 0;
  for (unsigned seed = 1; seed <= seeds; seed++) {
    CAPTURE(seed);
    RandomWorld w(seed);
    for (int i = 0; i < 300; i++) w.step();
    w.drain();
    /* Every live guest runs exactly the committed programs, or refused them. */
    for (auto& [i, p] : w.c.programs()) {
      CHECK(p.phase == Coordinator::Phase::Committed);
      for (auto& [peer, n] : w.nodes) {
        if (n.guest->refuses) continue;
        const uint32_t vmid = w.c.guest_of(peer)->vmid;
        auto part = p.guests.find(vmid);
        const bool enabled = n.guest->enabled.count(i) && n.guest->enabled.at(i) == 1;
        CHECK(enabled ==
              (part != p.guests.end() && part->second.part == Coordinator::Part::Enabled));
      }
    }
    for (auto& [peer, n] : w.nodes)
      for (auto& [i, on] : n.guest->enabled) CHECK(w.c.programs().count(i) == 1);
    /* And nothing remains once everybody has ended. */
    Effects effects;
    w.c.kill_all("", w.now, effects);
    w.carry_out(std::move(effects));
    w.drain();
    CHECK(w.c.programs().empty());
    for (auto& [peer, n] : w.nodes) CHECK(n.guest->enabled.empty());
    programs += w.next_program - 1u;
    commits += w.decided.size();
    aborts += w.aborted.size();
  }
  MESSAGE(seeds << " schedules, " << programs << " programs, " << commits << " sent to guests, "
                << aborts << " aborted");
  CHECK(commits > 1000);
  CHECK(aborts > 1000);
}
