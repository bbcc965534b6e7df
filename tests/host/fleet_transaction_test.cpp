/* Two-phase commit as pure logic: directed orderings, and random schedules checked for what must
 * always hold. */
#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <random>

#include "transport/coordinator.hpp"
#include "transport/participant.hpp"

using namespace hp;
using namespace std::chrono_literals;

namespace {

ProgramIdent ident(uint8_t n) {
  return {n};
}
bool everyone(const Guest&) {
  return true;
}
const PeerId kConsumer = 1000;

/* Drives a Coordinator and reads its effects. */
struct World {
  Coordinator c{64};
  Effects out;
  Time now = 1s;

  Coordinator::Registered join(PeerId peer, const std::string& name,
                               std::vector<ProgramIdent> running = {}, uint32_t wanted = 0) {
    GuestInfo info;
    info.name = name;
    info.hostname = "host-" + name;
    auto r = c.register_guest(peer, info, wanted, running, now, out);
    REQUIRE(r);
    return *r;
  }
  void submit(uint8_t n = 1, ProgramOptions options = {}, Coordinator::Matcher matches = everyone) {
    REQUIRE(c.submit(kConsumer, ident(n), options, std::move(matches), now, out));
  }
  size_t count(Effect::Kind kind) const {
    return static_cast<size_t>(
        std::count_if(out.begin(), out.end(), [&](const Effect& e) { return e.kind == kind; }));
  }
  const Effect* last(Effect::Kind kind) const {
    for (auto it = out.rbegin(); it != out.rend(); ++it)
      if (it->kind == kind) return &*it;
    return nullptr;
  }
};

}  // namespace

TEST_CASE(
    "a program is enabled when every guest has prepared it, and told when all have enabled it") {
  World w;
  w.join(1, "web1");
  w.join(2, "web2");
  w.submit();
  CHECK(w.count(Effect::Prepare) == 2);
  w.c.prepared(1, ident(1), 10, w.now, w.out);
  CHECK(w.count(Effect::Commit) == 0);
  w.c.prepared(2, ident(1), 20, w.now, w.out);
  CHECK(w.count(Effect::Commit) == 2);
  CHECK(w.count(Effect::Committed) == 0);
  w.c.committed(2, ident(1), w.now, w.out);
  w.c.committed(1, ident(1), w.now, w.out);
  REQUIRE(w.count(Effect::Committed) == 1);
  const Effect* e = w.last(Effect::Committed);
  CHECK(e->peer == kConsumer);
  REQUIRE(e->guests.size() == 2);
  CHECK(e->guests[0].name == "web1");
  CHECK(e->guests[0].probes == 10);
  CHECK(e->guests[1].probes == 20);
}

TEST_CASE("one refusal aborts everywhere, with the reason") {
  World w;
  w.join(1, "web1");
  w.join(2, "web2");
  w.submit();
  w.c.prepared(1, ident(1), 10, w.now, w.out);
  w.c.refused(2, ident(1), "no memory", w.now, w.out);
  CHECK(w.count(Effect::Commit) == 0);
  REQUIRE(w.count(Effect::Abort) == 1);
  CHECK(w.last(Effect::Abort)->peer == 1);
  const Effect* e = w.last(Effect::Aborted);
  REQUIRE(e);
  REQUIRE(e->guests.size() == 1);
  CHECK(e->guests[0].name == "web2");
  CHECK(e->guests[0].reason == "no memory");
  CHECK(w.c.programs().empty());
  CHECK(w.last(Effect::Forget));
}

TEST_CASE("with onfail=skip the others run it, and the consumer learns who does not") {
  World w;
  w.join(1, "web1");
  w.join(2, "web2");
  ProgramOptions o;
  o.skip_failing = true;
  w.submit(1, o);
  w.c.refused(2, ident(1), "no memory", w.now, w.out);
  w.c.prepared(1, ident(1), 10, w.now, w.out);
  w.c.committed(1, ident(1), w.now, w.out);
  REQUIRE(w.last(Effect::Committed));
  CHECK(w.last(Effect::Committed)->guests.size() == 1);
  REQUIRE(w.last(Effect::Refused));
  CHECK(w.last(Effect::Refused)->guests[0].name == "web2");
}

TEST_CASE("a guest that does not answer in time counts as a refusal, and is told to forget") {
  World w;
  w.join(1, "web1");
  w.join(2, "web2");
  w.submit();
  w.c.prepared(1, ident(1), 1, w.now, w.out);
  REQUIRE(w.c.next_deadline());
  CHECK(*w.c.next_deadline() == w.now + 5s);
  w.c.tick(w.now + 4s, w.out);
  CHECK(w.count(Effect::Abort) == 0);
  w.c.tick(w.now + 5s, w.out);
  CHECK(w.count(Effect::Abort) == 2);
  REQUIRE(w.last(Effect::Aborted));
  CHECK(w.last(Effect::Aborted)->guests[0].reason == "did not answer in time");
  w.out.clear();
  w.c.prepared(2, ident(1), 1, w.now, w.out); /* too late */
  REQUIRE(w.out.size() == 1);
  CHECK(w.out[0].kind == Effect::Abort);
}

TEST_CASE("a program without guests commits at once and waits for them") {
  World w;
  w.submit();
  REQUIRE(w.last(Effect::Committed));
  CHECK(w.last(Effect::Committed)->guests.empty());
  auto r = w.join(7, "web7");
  CHECK(r.pending == 1);
  CHECK(w.count(Effect::Prepare) == 1);
  w.c.prepared(7, ident(1), 3, w.now, w.out);
  CHECK(w.count(Effect::Commit) == 1);
  w.c.committed(7, ident(1), w.now, w.out);
  REQUIRE(w.last(Effect::Joined));
  CHECK(w.last(Effect::Joined)->guests[0].name == "web7");
  CHECK(w.last(Effect::Joined)->guests[0].probes == 3);
}

TEST_CASE("a guest that comes during the first phase joins after the decision, or never") {
  World w;
  w.join(1, "web1");
  w.submit();
  CHECK(w.join(2, "web2").pending == 0);
  CHECK(w.count(Effect::Prepare) == 1);
  SUBCASE("committed") {
    w.c.prepared(1, ident(1), 1, w.now, w.out);
    CHECK(w.count(Effect::Prepare) == 2);
    w.c.committed(1, ident(1), w.now, w.out);
    CHECK(w.last(Effect::Committed)->guests.size() == 1);
    w.c.prepared(2, ident(1), 1, w.now, w.out);
    w.c.committed(2, ident(1), w.now, w.out);
    CHECK(w.last(Effect::Joined)->guests[0].name == "web2");
  }
  SUBCASE("aborted") {
    w.c.refused(1, ident(1), "no", w.now, w.out);
    CHECK(w.count(Effect::Prepare) == 1);
  }
}

TEST_CASE("a late guest that cannot run a program does not disturb the others") {
  World w;
  w.submit();
  w.join(1, "web1");
  w.c.refused(1, ident(1), "old", w.now, w.out);
  REQUIRE(w.last(Effect::Refused));
  CHECK(w.last(Effect::Refused)->guests[0].reason == "old");
  CHECK(w.count(Effect::Abort) == 0);
  CHECK(w.c.programs().size() == 1);
}

TEST_CASE("only matching guests take part") {
  World w;
  w.join(1, "web1");
  w.join(2, "db1");
  w.submit(1, {}, [](const Guest& g) { return g.name.starts_with("web"); });
  CHECK(w.count(Effect::Prepare) == 1);
  CHECK(w.join(3, "db2").pending == 0);
  CHECK(w.join(4, "web2").pending == 0); /* the first phase is not over */
  w.c.prepared(1, ident(1), 1, w.now, w.out);
  CHECK(w.count(Effect::Prepare) == 2);
}

TEST_CASE("a guest that ends before the decision does not veto it, later it is reported") {
  World w;
  w.join(1, "web1");
  w.join(2, "web2");
  w.submit();
  w.c.prepared(1, ident(1), 1, w.now, w.out);
  w.c.disconnected(2, w.now, w.out);
  CHECK(w.count(Effect::Commit) == 1);
  CHECK(w.count(Effect::Gone) == 0);
  w.c.committed(1, ident(1), w.now, w.out);
  CHECK(w.last(Effect::Committed)->guests.size() == 1);
  w.c.disconnected(1, w.now, w.out);
  REQUIRE(w.last(Effect::Gone));
  CHECK(w.last(Effect::Gone)->guests[0].name == "web1");
  CHECK(w.count(Effect::MarkGone) == 2);
  CHECK(w.c.guests().empty());
}

TEST_CASE("a consumer that dies takes its programs with it, and only those") {
  World w;
  w.join(1, "web1");
  w.submit(1);
  REQUIRE(w.c.submit(kConsumer + 1, ident(2), {}, everyone, w.now, w.out));
  for (uint8_t n : {1, 2}) {
    w.c.prepared(1, ident(n), 1, w.now, w.out);
    w.c.committed(1, ident(n), w.now, w.out);
  }
  w.c.disconnected(kConsumer, w.now, w.out);
  REQUIRE(w.count(Effect::Kill) == 1);
  CHECK(w.last(Effect::Kill)->program == ident(1));
  CHECK(w.c.programs().size() == 2); /* until the guest has said that it is disabled */
  w.c.killed(1, ident(1), w.now, w.out);
  CHECK(w.c.programs().size() == 1);
  CHECK(w.count(Effect::Ended) == 0); /* nobody to tell */
  CHECK(w.count(Effect::Forget) == 1);
}

TEST_CASE("kill ends a program once every guest has disabled it or had its time") {
  World w;
  w.join(1, "web1");
  w.join(2, "web2");
  w.submit();
  for (PeerId p : {1, 2}) w.c.prepared(p, ident(1), 1, w.now, w.out);
  for (PeerId p : {1, 2}) w.c.committed(p, ident(1), w.now, w.out);
  CHECK(w.c.kill(ident(1), "by hand", w.now, w.out));
  CHECK_FALSE(w.c.kill(ident(2), "by hand", w.now, w.out));
  CHECK(w.count(Effect::Kill) == 2);
  w.c.killed(1, ident(1), w.now, w.out);
  CHECK_FALSE(w.last(Effect::Ended));
  SUBCASE("answer") {
    w.c.killed(2, ident(1), w.now, w.out);
  }
  SUBCASE("it dies") {
    w.c.disconnected(2, w.now, w.out);
  }
  SUBCASE("silence") {
    w.c.tick(w.now + 6s, w.out);
  }
  REQUIRE(w.last(Effect::Ended));
  CHECK(w.last(Effect::Ended)->reason == "by hand");
  CHECK(w.c.programs().empty());
}

TEST_CASE("commit is said again until it is answered") {
  World w;
  w.join(1, "web1");
  w.submit();
  w.c.prepared(1, ident(1), 1, w.now, w.out);
  w.c.tick(w.now + 5s, w.out);
  CHECK(w.count(Effect::Commit) == 2);
  w.c.committed(1, ident(1), w.now + 6s, w.out);
  w.c.committed(1, ident(1), w.now + 6s, w.out); /* both are answered */
  CHECK(w.count(Effect::Committed) == 1);
  CHECK_FALSE(w.c.next_deadline());
}

TEST_CASE("messages that arrive twice change nothing") {
  World w;
  w.join(1, "web1");
  w.join(2, "web2");
  w.submit();
  w.c.prepared(1, ident(1), 1, w.now, w.out);
  w.c.prepared(1, ident(1), 1, w.now, w.out);
  CHECK(w.count(Effect::Commit) == 0);
  w.c.prepared(2, ident(1), 1, w.now, w.out);
  w.c.prepared(2, ident(1), 1, w.now, w.out);
  CHECK(w.count(Effect::Commit) == 2);
}

TEST_CASE("who runs what the coordinator does not know is told to drop it") {
  World w;
  w.join(1, "web1", {ident(9)}); /* it outlived a coordinator */
  REQUIRE(w.count(Effect::Kill) == 1);
  CHECK(w.last(Effect::Kill)->program == ident(9));
  w.out.clear();
  w.c.committed(1, ident(8), w.now, w.out);
  REQUIRE(w.out.size() == 1);
  CHECK(w.out[0].kind == Effect::Kill);
  w.out.clear();
  w.c.killed(1, ident(8), w.now, w.out);
  w.c.refused(1, ident(8), "", w.now, w.out);
  CHECK(w.out.empty());
}

TEST_CASE("strangers cannot speak for guests") {
  World w;
  w.join(1, "web1");
  w.submit();
  w.c.prepared(55, ident(1), 1, w.now, w.out);
  CHECK(w.count(Effect::Commit) == 0);
  w.c.refused(55, ident(1), "spoofed", w.now, w.out);
  CHECK(w.c.programs().size() == 1);
}

TEST_CASE("names are unique among the living, and one connection is one guest") {
  World w;
  w.join(1, "web1");
  GuestInfo info;
  info.name = "web1";
  CHECK_FALSE(w.c.register_guest(2, info, 0, {}, w.now, w.out));
  info.name = "web2";
  CHECK_FALSE(w.c.register_guest(1, info, 0, {}, w.now, w.out));
  w.c.disconnected(1, w.now, w.out);
  info.name = "web1";
  CHECK(w.c.register_guest(2, info, 0, {}, w.now, w.out));
}

TEST_CASE("vmids are not used again while a program still shows who had them") {
  World w;
  w.submit();
  uint32_t first = w.join(1, "a").vmid;
  w.c.disconnected(1, w.now, w.out);
  GuestInfo info;
  for (PeerId p = 2; p < 64; p++) { /* 63 vmids in all, one burnt */
    info.name = "g" + std::to_string(p);
    auto r = w.c.register_guest(p, info, 0, {}, w.now, w.out);
    REQUIRE(r);
    CHECK(r->vmid != first);
  }
  info.name = "one too many";
  CHECK_FALSE(w.c.register_guest(100, info, 0, {}, w.now, w.out));
  w.c.disconnected(kConsumer, w.now, w.out);
  for (PeerId p = 2; p < 64; p++) w.c.killed(p, ident(1), w.now, w.out);
  CHECK(w.c.programs().empty());
  auto r = w.c.register_guest(100, info, first, {}, w.now, w.out);
  REQUIRE(r);
  CHECK(r->vmid == first);
}

TEST_CASE("a guest that comes back gets its number again if it is free") {
  World w;
  CHECK(w.join(1, "a", {}, 17).vmid == 17);
  CHECK(w.join(2, "b", {}, 17).vmid != 17);
  CHECK(w.join(3, "c", {}, 64).vmid < 64);
}

namespace {

/* A guest in the random world: counts what its program host was asked. */
struct TestGuest final : ProgramHost {
  Participant p{*this};
  std::map<ProgramIdent, int> enabled;
  bool refuses = false;
  Result<uint32_t> load(const ProgramIdent& i) override {
    REQUIRE(enabled.count(i) == 0);
    if (refuses) return fail("cannot");
    enabled[i] = 0;
    return 1u;
  }
  void enable(const ProgramIdent& i) override {
    REQUIRE(enabled.at(i) == 0);
    enabled[i] = 1;
  }
  void unload(const ProgramIdent& i) override { REQUIRE(enabled.erase(i) == 1); }
};

}  // namespace

TEST_CASE("a participant is idempotent and forgets what was not decided") {
  TestGuest g;
  CHECK(g.p.prepare(ident(1)).kind == ParticipantAnswer::Prepared);
  CHECK(g.p.prepare(ident(1)).kind == ParticipantAnswer::Prepared);
  CHECK(g.p.undecided() == 1);
  CHECK(g.p.running().empty());
  CHECK(g.p.prepare(ident(2)).probes == 1);
  CHECK(g.p.commit(ident(1)).kind == ParticipantAnswer::Committed);
  CHECK(g.p.commit(ident(1)).kind == ParticipantAnswer::Committed);
  CHECK(g.enabled.at(ident(1)) == 1);
  g.p.disconnected();
  CHECK(g.enabled.count(ident(2)) == 0);
  CHECK(g.p.running() == std::vector<ProgramIdent>{ident(1)});
  CHECK(g.p.commit(ident(2)).kind == ParticipantAnswer::Refused);
  CHECK(g.p.kill(ident(1)).kind == ParticipantAnswer::Killed);
  CHECK(g.p.kill(ident(1)).kind == ParticipantAnswer::Killed);
  CHECK(g.enabled.empty());
  g.refuses = true;
  CHECK(g.p.prepare(ident(3)).kind == ParticipantAnswer::Refused);
  CHECK_FALSE(g.p.knows(ident(3)));
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
        n.out.emplace_back(e.program, n.guest->p.prepare(e.program));
        break;
      case Effect::Commit:
        n.out.emplace_back(e.program, n.guest->p.commit(e.program));
        break;
      case Effect::Abort:
        n.guest->p.abort(e.program);
        break;
      default:
        n.out.emplace_back(e.program, n.guest->p.kill(e.program));
    }
    check();
  }

  void deliver_from(PeerId peer, Node& n) {
    auto [program, answer] = n.out.front();
    n.out.pop_front();
    Effects effects;
    switch (answer.kind) {
      case ParticipantAnswer::Prepared:
        c.prepared(peer, program, answer.probes, now, effects);
        break;
      case ParticipantAnswer::Refused:
        c.refused(peer, program, answer.reason, now, effects);
        break;
      case ParticipantAnswer::Committed:
        c.committed(peer, program, now, effects);
        break;
      case ParticipantAnswer::Killed:
        c.killed(peer, program, now, effects);
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
        if (!n.in.empty() && pick(2) == 0)
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
