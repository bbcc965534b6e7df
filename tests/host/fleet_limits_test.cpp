/* How much one user may take, and that everything comes back. */
#include "host/fleet_limits.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <vector>

using namespace hp;
using namespace std::chrono_literals;

namespace {

constexpr uint32_t kAlice = 1000, kBob = 1001;

LimitValues few() {
  return {{3, 2, 2, 10, 5, 100, 1000, 50, 4}};
}

FleetLimits limited() {
  FleetLimits l;
  l.set(few(), LimitValues::of_root(), "h.toml");
  return l;
}

}  // namespace

TEST_CASE("the defaults let one user have 200 guests and 64 programs") {
  FleetLimits l;
  std::vector<FleetLimits::Connection> guests, consumers;
  std::vector<FleetLimits::Program> programs;
  for (int i = 0; i < 200; i++) {
    guests.push_back(*l.connect(kAlice, 0s));
    CHECK(guests.back().request(0s));
    CHECK(guests.back().guest());
  }
  for (int i = 0; i < 64; i++) {
    consumers.push_back(*l.connect(kAlice, 0s));
    CHECK(consumers.back().request(0s));
    auto p = consumers.back().program(1 << 20, 4ull << 30);
    REQUIRE(p);
    programs.push_back(std::move(*p));
  }
}

TEST_CASE("connections, guests and programs are counted and come back") {
  FleetLimits l = limited();
  std::vector<FleetLimits::Connection> c;
  for (int i = 0; i < 3; i++) c.push_back(*l.connect(kAlice, 0s));
  CHECK(l.connect(kAlice, 0s).error().message ==
        "uid 1000 has reached its limit \"connections\" of 3, which [limits] of h.toml may change");
  CHECK(l.connect(kBob, 0s)); /* has an account of its own */
  CHECK(l.connect(0, 0s));

  CHECK(c[0].guest());
  CHECK(c[0].guest()); /* again: the same */
  CHECK(c[1].guest());
  CHECK(c[2].guest().error().message.find("\"guests\" of 2") != std::string::npos);
  c.erase(c.begin());
  CHECK(c[1].guest());
  CHECK(l.connect(kAlice, 0s));

  std::optional<FleetLimits::Program> first(*c[0].program(60, 1));
  CHECK(c[0].program(41, 1).error().message.find("\"object_bytes\" of 100") != std::string::npos);
  CHECK(c[0].program(~0ull, 1).error().message.find("\"object_bytes\"") != std::string::npos);
  CHECK(c[0].program(1, 1000).error().message.find("\"segment_bytes\" of 1000") !=
        std::string::npos);
  auto second = c[0].program(40, 999); /* what was refused has taken nothing */
  REQUIRE(second);
  c.clear(); /* programs may outlive who brought them */
  auto again = *l.connect(kAlice, 0s);
  CHECK(again.program(0, 0).error().message.find("\"programs\" of 2") != std::string::npos);
  first.reset();
  CHECK(again.program(60, 1));
}

TEST_CASE("a program that is given another place counts once") {
  FleetLimits l = limited();
  auto c = *l.connect(kAlice, 0s);
  FleetLimits::Program a = *c.program(1, 1), b = *c.program(1, 1);
  a = std::move(b);
  CHECK(c.program(1, 1)); /* the former a is gone */
  auto moved = std::move(c);
  CHECK(moved.program(1, 1));
}

TEST_CASE("requests: a burst at once, then as many as the rate gives") {
  FleetLimits l = limited(); /* 10 a second, 5 at once */
  auto a = *l.connect(kAlice, 1s), b = *l.connect(kAlice, 1s);
  for (int i = 0; i < 5; i++) CHECK((i % 2 ? a : b).request(1s));
  CHECK(a.request(1s).error().message.find("\"requests_per_second\" of 10") != std::string::npos);
  CHECK_FALSE(b.request(1s));
  CHECK_FALSE(a.request(1099ms));
  CHECK(a.request(1100ms));
  CHECK_FALSE(b.request(1100ms));
  CHECK_FALSE(b.request(500ms)); /* a clock that went back gives nothing */
  CHECK_FALSE(b.request(1100ms));
  int granted = 0;
  for (int i = 0; i < 100; i++) granted += a.request(100s).has_value();
  CHECK(granted == 5); /* and no more than the burst after a long time */
  auto other = *l.connect(kBob, 100s);
  CHECK(other.request(100s));
}

TEST_CASE("what a peer does not read is counted over its user's connections") {
  FleetLimits l = limited();
  auto a = *l.connect(kAlice, 0s);
  CHECK(a.queued(30));
  {
    auto b = *l.connect(kAlice, 0s);
    CHECK(b.queued(20));
    CHECK(b.queued(21).error().message.find("\"queued_bytes\" of 50") != std::string::npos);
    CHECK(b.queued(20));
    CHECK_FALSE(a.queued(31));
    CHECK(a.queued(30));
  }
  CHECK(a.queued(50));
  CHECK(a.queued(0));
}

TEST_CASE("nonsense is forgiven one a second") {
  FleetLimits l = limited();
  auto a = *l.connect(kAlice, 0s);
  for (int i = 0; i < 4; i++) CHECK(a.nonsense(0s));
  CHECK_FALSE(a.nonsense(0s));
  CHECK(a.nonsense(10s));
  for (int i = 0; i < 1000; i++) CHECK(a.nonsense(11s + i * 1s));
}

TEST_CASE("users who hold nothing are forgotten, but not what they asked just now") {
  FleetLimits l = limited();
  for (uint32_t uid = 2000; uid < 3000; uid++) {
    auto c = *l.connect(uid, 0s);
    for (int i = 0; i < 5; i++) CHECK(c.request(0s));
  }
  CHECK(l.connect(2000, 100ms)->request(100ms));
  CHECK_FALSE(l.connect(2000, 100ms)->request(100ms)); /* a new connection is no new burst */
  CHECK(l.accounts() == 1000);
  auto c = *l.connect(kAlice, 10s);
  CHECK(l.accounts() == 1);
}

TEST_CASE("new limits hold for what comes, and nobody loses what he has") {
  FleetLimits l = limited();
  auto a = *l.connect(kAlice, 0s), b = *l.connect(kAlice, 0s);
  auto recovered = l.recovered(kAlice, 1000, 1000); /* beyond the limit */
  LimitValues less = few();
  less[Limit::Connections] = 1;
  l.set(less, LimitValues::of_root(), "");
  CHECK(l.connect(kAlice, 0s)
            .error()
            .message.find("of the coordinator's configuration, /etc/hyprobe") != std::string::npos);
  CHECK(a.request(0s));
  CHECK_FALSE(a.program(1, 1));
  recovered = {};
  CHECK(a.program(1, 1));
}
