#include "host/local_probes.hpp"

#include "fixture.hpp"

using namespace hp;
using namespace hp::test;
using host::LocalProbes;

namespace {

constexpr uint64_t kMs = 1'000'000;

}  // namespace

TEST_CASE("parse_timer_probe: names of the profile provider") {
  auto interval = [](const char* name) {
    auto t = host::parse_timer_probe(name);
    return t ? t->interval_ns : 0;
  };
  CHECK(interval("tick-1s") == 1000 * kMs);
  CHECK(interval("tick-1sec") == 1000 * kMs);
  CHECK(interval("tick-500ms") == 500 * kMs);
  CHECK(interval("tick-200us") == 200'000);
  CHECK(interval("tick-300000nsec") == 300'000);
  CHECK(interval("tick-2m") == 120'000 * kMs);
  CHECK(interval("tick-1h") == 3'600'000 * kMs);
  CHECK(interval("tick-1day") == 86'400'000 * kMs);
  CHECK(interval("tick-10") == 100 * kMs);
  CHECK(interval("tick-10HZ") == 100 * kMs);
  CHECK(interval("profile-997hz") == 1'000'000'000 / 997);
  CHECK(host::parse_timer_probe("profile-97")->every_cpu);
  CHECK(!host::parse_timer_probe("tick-97")->every_cpu);
  for (const char* bad :
       {"tick", "tick-", "tick-0", "tick-1x", "tick-199us", "tick-5001", "ticks-1s", "tick--1s",
        "tick-99999999999999999999s", "tick-18446744073709551615d", "profile-", "BEGIN", ""})
    CHECK(!host::parse_timer_probe(bad));
}

TEST_CASE("LocalProbes: BEGIN and END fire with this process's identity, outside of ACTIVE") {
  Fixture f;
  f.segment.set_state(HP_STATE_NEW);
  LocalProbes local(*f.program);
  CHECK(local.begin());
  CHECK(f.g().begins == 1);
  f.segment.set_state(HP_STATE_DRAINING);
  CHECK(local.end());
  CHECK(f.g().ends == 1);
}

TEST_CASE("LocalProbes: timers fire at their deadlines, late ones are made up for") {
  Fixture f;
  uint32_t fast = value(f.segment.add_probe(HP_PROBE_DYNAMIC, "profile", "", "", "tick-10ms"));
  uint32_t slow = value(f.segment.add_probe(HP_PROBE_DYNAMIC + 1, "profile", "", "", "tick-25ms"));
  LocalProbes local(*f.program);
  CHECK(local.next_deadline() == LocalProbes::kNever);
  local.start(1000 * kMs);
  CHECK(local.next_deadline() == 1010 * kMs);
  CHECK(local.fire_due(1009 * kMs) == 0);
  CHECK(local.fire_due(1010 * kMs) == 1);
  CHECK(local.fire_due(1010 * kMs) == 0);
  CHECK(local.next_deadline() == 1020 * kMs);
  CHECK(local.fire_due(1050 * kMs) == 6);
  CHECK(f.g().ticks[fast] == 5);
  CHECK(f.g().ticks[slow] == 2);
  /* An hour in a stopped terminal is not made up for. */
  CHECK(local.fire_due(3'600'000 * kMs) <= 2 * (LocalProbes::kMaxCatchUp + 2));
  CHECK(local.next_deadline() > 3'600'000 * kMs);
}

TEST_CASE("LocalProbes: a profile probe fires for each online CPU") {
  Fixture f;
  uint32_t p = value(f.segment.add_probe(HP_PROBE_DYNAMIC, "profile", "", "", "profile-100"));
  LocalProbes local(*f.program);
  local.start(0);
  auto online = static_cast<size_t>(::sysconf(_SC_NPROCESSORS_ONLN));
  CHECK(local.fire_due(10 * kMs) == online);
  CHECK(f.g().ticks[p] == online);
  size_t cpus = 0;
  for (uint64_t n : f.g().cpus) cpus += n == 1;
  CHECK(cpus == std::min<size_t>(online, 64));
}

TEST_CASE("LocalProbes: timers stop when a clause calls exit()") {
  Fixture f;
  uint32_t p = value(f.segment.add_probe(HP_PROBE_DYNAMIC, "profile", "", "", "tick-10ms"));
  LocalProbes local(*f.program);
  local.start(0);
  f.g().exit_at = 3;
  CHECK(local.fire_due(100 * kMs) == 3);
  CHECK(f.g().ticks[p] == 3);
  CHECK(local.fire_due(200 * kMs) == 0);
}
