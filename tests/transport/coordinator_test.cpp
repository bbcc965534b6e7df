/* The coordinator of two-phase commit as pure logic: directed orderings of messages and events. */
#include <doctest/doctest.h>

#include "transaction_world.hpp"

using namespace hp;
using namespace hp::test;
using namespace std::chrono_literals;

TEST_CASE(
    "a program is enabled when every guest has prepared it, and told when all have enabled it") {
  World w;
  w.join(1, "web1");
  w.join(2, "web2");
  w.submit();
  CHECK(w.count(Effect::Prepare) == 2);
  w.prepared(1, 1, 10);
  CHECK(w.count(Effect::Commit) == 0);
  w.prepared(2, 1, 20);
  CHECK(w.count(Effect::Commit) == 2);
  CHECK(w.count(Effect::Committed) == 0);
  w.committed(2, 1);
  w.committed(1, 1);
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
  w.prepared(1, 1, 10);
  w.refused(2, 1, "no memory");
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
  w.refused(2, 1, "no memory");
  w.prepared(1, 1, 10);
  w.committed(1, 1);
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
  w.prepared(1, 1, 1);
  REQUIRE(w.c.next_deadline());
  CHECK(*w.c.next_deadline() == w.now + 2500ms);
  w.c.tick(w.now + 4s, w.out);
  CHECK(w.count(Effect::Prepare) == 3); /* it is said again */
  CHECK(w.count(Effect::Abort) == 0);
  w.c.tick(w.now + 5s, w.out);
  CHECK(w.count(Effect::Abort) == 2);
  REQUIRE(w.last(Effect::Aborted));
  CHECK(w.last(Effect::Aborted)->guests[0].reason == "did not answer in time");
  w.out.clear();
  w.prepared(2, 1, 1); /* too late */
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
  w.prepared(7, 1, 3);
  CHECK(w.count(Effect::Commit) == 1);
  w.committed(7, 1);
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
    w.prepared(1, 1, 1);
    CHECK(w.count(Effect::Prepare) == 2);
    w.committed(1, 1);
    CHECK(w.last(Effect::Committed)->guests.size() == 1);
    w.prepared(2, 1, 1);
    w.committed(2, 1);
    CHECK(w.last(Effect::Joined)->guests[0].name == "web2");
  }
  SUBCASE("aborted") {
    w.refused(1, 1, "no");
    CHECK(w.count(Effect::Prepare) == 1);
  }
}

TEST_CASE("a late guest that cannot run a program does not disturb the others") {
  World w;
  w.submit();
  w.join(1, "web1");
  w.refused(1, 1, "old");
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
  w.prepared(1, 1, 1);
  CHECK(w.count(Effect::Prepare) == 2);
}

TEST_CASE("a guest that ends before the decision does not veto it, later it is reported") {
  World w;
  w.join(1, "web1");
  w.join(2, "web2");
  w.submit();
  w.prepared(1, 1, 1);
  w.disconnected(2);
  CHECK(w.count(Effect::Commit) == 1);
  CHECK(w.count(Effect::Gone) == 0);
  w.committed(1, 1);
  CHECK(w.last(Effect::Committed)->guests.size() == 1);
  w.disconnected(1);
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
    w.prepared(1, n, 1);
    w.committed(1, n);
  }
  w.disconnected(kConsumer);
  REQUIRE(w.count(Effect::Kill) == 1);
  CHECK(w.last(Effect::Kill)->program == ident(1));
  CHECK(w.c.programs().size() == 2); /* until the guest has said that it is disabled */
  w.killed(1, 1);
  CHECK(w.c.programs().size() == 1);
  CHECK(w.count(Effect::Ended) == 0); /* nobody to tell */
  CHECK(w.count(Effect::Forget) == 1);
}

TEST_CASE("kill ends a program once every guest has disabled it or had its time") {
  World w;
  w.join(1, "web1");
  w.join(2, "web2");
  w.submit();
  for (PeerId p : {1, 2}) w.prepared(p, 1, 1);
  for (PeerId p : {1, 2}) w.committed(p, 1);
  CHECK(w.c.kill(ident(1), "by hand", w.now, w.out));
  CHECK_FALSE(w.c.kill(ident(2), "by hand", w.now, w.out));
  CHECK(w.count(Effect::Kill) == 2);
  w.killed(1, 1);
  CHECK_FALSE(w.last(Effect::Ended));
  SUBCASE("answer") {
    w.killed(2, 1);
  }
  SUBCASE("it dies") {
    w.disconnected(2);
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
  w.prepared(1, 1, 1);
  w.c.tick(w.now + 5s, w.out);
  CHECK(w.count(Effect::Commit) == 2);
  w.committed(1, 1);
  w.committed(1, 1); /* both are answered */
  CHECK(w.count(Effect::Committed) == 1);
  CHECK_FALSE(w.c.next_deadline());
}

TEST_CASE("messages that arrive twice change nothing") {
  World w;
  w.join(1, "web1");
  w.join(2, "web2");
  w.submit();
  w.prepared(1, 1, 1);
  w.prepared(1, 1, 1);
  CHECK(w.count(Effect::Commit) == 0);
  w.prepared(2, 1, 1);
  w.prepared(2, 1, 1);
  CHECK(w.count(Effect::Commit) == 2);
}

TEST_CASE("who runs what the coordinator does not know is told to drop it") {
  World w;
  w.join(1, "web1", {{ident(9), 7, 1}}); /* it outlived a coordinator */
  REQUIRE(w.count(Effect::Kill) == 1);
  CHECK(w.last(Effect::Kill)->program == ident(9));
  w.out.clear();
  w.committed(1, 8);
  REQUIRE(w.out.size() == 1);
  CHECK(w.out[0].kind == Effect::Kill);
  w.out.clear();
  w.killed(1, 8);
  w.refused(1, 8, "");
  CHECK(w.out.empty());
}

TEST_CASE("strangers cannot speak for guests") {
  World w;
  w.join(1, "web1");
  w.submit();
  w.prepared(55, 1, 1);
  CHECK(w.count(Effect::Commit) == 0);
  w.refused(55, 1, "spoofed");
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
  w.disconnected(1);
  info.name = "web1";
  CHECK(w.c.register_guest(2, info, 0, {}, w.now, w.out));
}

TEST_CASE("vmids are not used again while a program still shows who had them") {
  World w;
  w.submit();
  uint32_t first = w.join(1, "a").vmid;
  w.disconnected(1);
  GuestInfo info;
  for (PeerId p = 2; p < 64; p++) { /* 63 vmids in all, one burnt */
    info.name = "g" + std::to_string(p);
    auto r = w.c.register_guest(p, info, 0, {}, w.now, w.out);
    REQUIRE(r);
    CHECK(r->vmid != first);
  }
  info.name = "one too many";
  CHECK_FALSE(w.c.register_guest(100, info, 0, {}, w.now, w.out));
  w.disconnected(kConsumer);
  for (PeerId p = 2; p < 64; p++) w.killed(p, 1);
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
