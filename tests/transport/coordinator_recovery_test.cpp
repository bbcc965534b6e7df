/* The coordinator over restarts: its journal, who comes back with what, and detached programs. */
#include <doctest/doctest.h>

#include "transaction_world.hpp"

using namespace hp;
using namespace hp::test;
using namespace std::chrono_literals;

namespace {

constexpr Transaction kOld = first_transaction(1) + 3; /* of a coordinator before */

/* The second start, with one committed program. */
struct Restarted : World {
  explicit Restarted(bool detached = false, bool has_files = false, Transaction first = 0) {
    c = Coordinator(64, 2);
    c.recover_guest(1, "web1");
    c.recover_guest(2, "web2");
    ProgramOptions options;
    options.detached = detached;
    c.recover({ident(1), options, everyone, has_files, {1}, first}, now, out);
    CHECK(out.empty());
  }
};

}  // namespace

TEST_CASE("nothing is sent before the decision is durable") {
  World w;
  w.join(1, "web1");
  REQUIRE(w.c.submit(kConsumer, ident(1), {}, everyone, w.now, w.out));
  w.c.prepared(1, ident(1), 0, 1, w.now, w.out);
  REQUIRE(w.count(Effect::Decide) == 1);
  CHECK(w.count(Effect::Commit) == 0);
  SUBCASE("it is") {
    w.c.decided(ident(1), true, {}, w.now, w.out);
    CHECK(w.count(Effect::Commit) == 1);
    w.c.decided(ident(1), true, {}, w.now, w.out);
    CHECK(w.count(Effect::Commit) == 1);
  }
  SUBCASE("it cannot be") {
    w.c.decided(ident(1), false, "disk full", w.now, w.out);
    CHECK(w.count(Effect::Commit) == 0);
    CHECK(w.count(Effect::Abort) == 1);
    REQUIRE(w.last(Effect::Aborted));
    CHECK(w.last(Effect::Aborted)->reason.find("disk full") != std::string::npos);
    CHECK(w.c.programs().empty());
  }
  SUBCASE("it is killed meanwhile") {
    CHECK(w.c.kill(ident(1), "by hand", w.now, w.out));
    CHECK(w.c.programs().size() == 1);
    w.c.decided(ident(1), true, {}, w.now, w.out);
    CHECK(w.count(Effect::Commit) == 0);
    CHECK(w.count(Effect::LogEnd) == 1);
    CHECK(w.count(Effect::Abort) == 1);
    CHECK(w.last(Effect::Aborted)->reason == "by hand");
    CHECK(w.c.programs().empty());
  }
}

TEST_CASE("the end is journaled before the first KILL") {
  World w;
  w.join(1, "web1");
  w.submit();
  w.prepared(1, 1, 1);
  w.committed(1, 1);
  w.out.clear();
  w.c.kill(ident(1), "by hand", w.now, w.out);
  REQUIRE(w.out.size() >= 2);
  CHECK(w.out[0].kind == Effect::LogEnd);
  CHECK(w.out[1].kind == Effect::Kill);
}

TEST_CASE(
    "a KILL stays owed when its program is forgotten, until it is answered or the guest goes") {
  World w;
  w.join(1, "web1");
  w.submit();
  w.prepared(1, 1, 1);
  const Transaction n = w.last(Effect::Prepare)->transaction;
  w.c.kill(ident(1), "by hand", w.now, w.out);
  w.c.tick(w.now + 5s, w.out);
  CHECK(w.c.programs().empty());
  CHECK(w.count(Effect::Forget) == 1);
  const size_t said = w.count(Effect::Kill);
  w.c.tick(w.now + 10s, w.out);
  CHECK(w.count(Effect::Kill) == said + 1);
  SUBCASE("answered") {
    w.c.killed(1, ident(1), n, w.now, w.out);
  }
  SUBCASE("gone") {
    w.disconnected(1);
  }
  CHECK_FALSE(w.c.next_deadline());
}

TEST_CASE("an attached program ends unless its consumer comes back in time") {
  Restarted w;
  REQUIRE(w.c.next_deadline());
  CHECK(*w.c.next_deadline() == w.now + 10s);
  SUBCASE("in time") {
    REQUIRE(w.c.adopt(kConsumer, ident(1), w.now, w.out));
    REQUIRE(w.last(Effect::Committed)); /* at once */
    CHECK(w.last(Effect::Committed)->peer == kConsumer);
    w.c.tick(w.now + 20s, w.out);
    CHECK(w.c.programs().size() == 1);
    w.disconnected(kConsumer);
    CHECK(w.c.programs().empty());
  }
  SUBCASE("late") {
    w.c.tick(w.now + 10s, w.out);
    REQUIRE(w.last(Effect::LogEnd));
    CHECK(w.last(Effect::LogEnd)->reason == "its consumer did not come back");
    CHECK_FALSE(w.c.adopt(kConsumer, ident(1), w.now, w.out));
  }
}

TEST_CASE("a guest that runs a recovered program goes on with it, under its number") {
  Restarted w;
  CHECK(w.join(5, "web1", {{ident(1), kOld, 7}}).vmid == 1);
  CHECK(w.count(Effect::Kill) == 0);
  CHECK(w.count(Effect::Prepare) == 0);
  REQUIRE(w.count(Effect::Commit) == 1);
  CHECK(w.last(Effect::Commit)->transaction == kOld);
  w.c.committed(5, ident(1), kOld, w.now, w.out);
  CHECK(w.join(6, "web3").pending == 0); /* its files are not here */
  w.out.clear();
  REQUIRE(w.c.adopt(kConsumer, ident(1), w.now, w.out));
  REQUIRE(w.last(Effect::Committed));
  REQUIRE(w.last(Effect::Committed)->guests.size() == 1);
  CHECK(w.last(Effect::Committed)->guests[0].probes == 7);
  w.c.files_arrived(ident(1), w.now, w.out);
  CHECK(w.count(Effect::MarkLive) == 2);
  REQUIRE(w.count(Effect::Prepare) == 1);
  CHECK(w.last(Effect::Prepare)->peer == 6);
  CHECK(w.last(Effect::Prepare)->transaction > kOld);
}

TEST_CASE("what a guest cannot have been given it is told to drop") {
  Restarted w(false, true);
  SUBCASE("an unknown program") {
    w.join(5, "web1", {{ident(9), kOld, 1}});
    CHECK(w.last(Effect::Kill)->program == ident(9));
  }
  SUBCASE("a number that nobody has given yet") {
    w.join(5, "web1", {{ident(1), first_transaction(7), 1}});
    CHECK(w.count(Effect::Kill) == 1);
    CHECK(w.count(Effect::Prepare) == 1); /* it can have it properly */
  }
  SUBCASE("a number of this life that another guest has") {
    w.join(4, "web2");
    w.join(5, "web3", {{ident(1), w.last(Effect::Prepare)->transaction, 1}});
    CHECK(w.count(Effect::Kill) == 1);
    CHECK(w.last(Effect::Kill)->peer == 5);
  }
  SUBCASE("one that it does not match") {
    w.c = Coordinator(64, 2);
    w.c.recover({ident(1), {}, [](const Guest& g) { return g.name == "db1"; }, true, {}, 0}, w.now,
                w.out);
    w.join(5, "web1", {{ident(1), kOld, 1}});
    CHECK(w.count(Effect::Kill) == 1);
  }
  CHECK(w.count(Effect::Commit) == 0);
}

TEST_CASE("a program that is claimed twice counts once") {
  Restarted w(false, true);
  w.join(5, "web1", {{ident(1), kOld, 1}, {ident(1), kOld + 1, 1}, {ident(1), kOld, 1}});
  CHECK(w.count(Effect::Commit) == 1);
  CHECK(w.count(Effect::Kill) == 0);
}

TEST_CASE("a guest's number is kept for its name, over restarts") {
  Restarted w;
  CHECK(w.join(5, "web9", {}, 1).vmid > 2);
  CHECK(w.join(6, "web2").vmid == 2);
  CHECK(w.join(7, "web1", {}, 40).vmid == 1);
}

TEST_CASE("a detached program outlives its consumer, once it is committed") {
  World w;
  w.join(1, "web1");
  ProgramOptions options;
  options.detached = true;
  w.submit(1, options);
  SUBCASE("before") {
    w.disconnected(kConsumer);
    CHECK(w.c.programs().empty());
    return;
  }
  CHECK_FALSE(w.c.attach(2000, ident(1)));
  w.prepared(1, 1, 1);
  w.committed(1, 1);
  CHECK_FALSE(w.c.attach(2000, ident(1))); /* it has its first one */
  w.disconnected(kConsumer);
  CHECK(w.count(Effect::LogEnd) == 0);
  REQUIRE(w.c.attach(2000, ident(1)));
  CHECK_FALSE(w.c.attach(2001, ident(1)));
  w.join(2, "web2");
  w.prepared(2, 1, 1);
  w.committed(2, 1);
  REQUIRE(w.last(Effect::Joined));
  CHECK(w.last(Effect::Joined)->peer == 2000);
  w.disconnected(2000);
  REQUIRE(w.c.attach(2002, ident(1)));
  CHECK(w.c.kill(ident(1), "by hand", w.now, w.out));
  w.killed(1, 1);
  w.killed(2, 1);
  CHECK(w.last(Effect::Ended)->peer == 2002);
}

TEST_CASE("a program that was not detached cannot be attached to") {
  World w;
  w.submit();
  w.c.disconnected(1, w.now, w.out);
  CHECK_FALSE(w.c.attach(2000, ident(1)));
  CHECK_FALSE(w.c.attach(2000, ident(2)));
}

TEST_CASE("a lost segment is asked back from guests, and made anew if nobody has it") {
  Restarted w(true);
  w.join(5, "web1", {{ident(1), kOld, 1}});
  w.c.committed(5, ident(1), kOld, w.now, w.out);
  REQUIRE(w.count(Effect::Return) == 1);
  SUBCASE("returned") {
    w.c.files_arrived(ident(1), w.now, w.out);
    w.c.tick(w.now + 10s, w.out);
    CHECK(w.count(Effect::Remake) == 0);
    CHECK(w.count(Effect::Prepare) == 0);
  }
  SUBCASE("asked again, in vain") {
    w.c.tick(w.now + 3s, w.out);
    CHECK(w.count(Effect::Return) == 2);
    w.c.tick(w.now + 10s, w.out);
    REQUIRE(w.count(Effect::Remake) == 1);
    CHECK(w.last(Effect::Remake)->transaction >= kOld);
    w.c.files_arrived(ident(1), w.now, w.out);
    REQUIRE(w.count(Effect::Prepare) == 1); /* it gets the new one */
    CHECK(w.last(Effect::Prepare)->transaction > kOld);
  }
  CHECK(w.c.programs().size() == 1);
}

TEST_CASE("a guest with a segment that was given up before the restart is prepared anew") {
  Restarted w(true, true, kOld);
  w.join(5, "web1", {{ident(1), kOld, 1}});
  CHECK(w.count(Effect::Commit) == 0);
  CHECK(w.count(Effect::Prepare) == 1);
}

TEST_CASE("the same process on a new connection replaces its former session, another does not") {
  World w;
  GuestInfo info;
  info.name = "web1";
  info.pid = 77;
  REQUIRE(w.c.register_guest(1, info, 0, {}, w.now, w.out));
  info.pid = 78;
  CHECK_FALSE(w.c.register_guest(2, info, 0, {}, w.now, w.out));
  info.pid = 77;
  auto again = w.c.register_guest(3, info, 0, {}, w.now, w.out);
  REQUIRE(again);
  CHECK(again->vmid == 1);
  w.disconnected(1); /* noticed late */
  CHECK(w.c.guests().size() == 1);
}
