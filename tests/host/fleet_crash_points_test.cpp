/* The coordinator killed before and after each call by which it changes its base folder, a segment or a peer
 * (tests/support/kill_at.cpp): the n-th of a life of transactions, for every n until that life ends without a kill.
 * After each it is started again; whatever was true before, all must agree in the end. */
#include <doctest/doctest.h>

#include <atomic>
#include <map>
#include <mutex>
#include <sstream>
#include <thread>

#include "fleet_world.hpp"

using namespace hp;
using namespace hp::test;

namespace {

constexpr unsigned kWorlds = 8;       /* at once: they mostly wait */
constexpr unsigned long kMost = 2000; /* points of one life; more is a fault of the test */

std::string ident_params(const ProgramIdent& ident) {
  return rpc::Object().text("ident", to_hex(ident)).json();
}

void check(FleetWorld& w, bool holds, const std::string& what) {
  if (!holds) w.complaints().push_back(what);
}

/* A consumer that goes with the coordinator: nothing may stay of its program, wherever the crash was. */
void abandoned(FleetWorld& w) {
  w.guest("web1");
  w.guest("web2");
  FleetConsumer& c = w.consumer();
  c.submit(false);
  w.until([&] { return c.state() == FleetConsumer::Committed || w.crashed(); }, "commit");
  c.leave();
  w.until([&] { return w.programs().empty(); }, "the program's end");
  w.until([&] { return !w.loaded_anywhere(); }, "the guests' end of it");
}

/* Everything that programs do, with consumers that come back. */
void whole_life(FleetWorld& w) {
  SimulatedGuest& first = w.guest("web1");
  w.guest("web2");
  auto committed_in = [&](FleetConsumer& c, size_t guests) {
    w.until(
        [&] { return c.state() == FleetConsumer::Committed && w.enabled_in(c.ident()) == guests; },
        "commit");
  };
  auto nowhere = [&](FleetConsumer& c) {
    w.until([&] { return w.enabled_in(c.ident()) == 0; }, "the guests' end of it");
  };
  FleetConsumer &attached = w.consumer(), &detached = w.consumer();
  attached.submit(false);
  committed_in(attached, 2);
  detached.submit(true);
  committed_in(detached, 2);
  detached.leave();
  w.guest("web3"); /* late */
  w.until(
      [&] { return w.enabled_in(attached.ident()) == 3 && w.enabled_in(detached.ident()) == 3; },
      "the late guest");

  first.host().refusal = "it does not want to";
  FleetConsumer& refused = w.consumer();
  refused.submit(false);
  w.until([&] { return refused.state() == FleetConsumer::Aborted; }, "the refusal");
  check(w, w.enabled_in(refused.ident()) == 0, "an aborted program is enabled");
  first.host().refusal.clear();

  w.ask("program.kill", ident_params(attached.ident()));
  w.until(
      [&] {
        return attached.state() == FleetConsumer::Ended ||
               attached.state() == FleetConsumer::Aborted;
      },
      "the consumer hears of the kill");
  nowhere(attached);

  FleetConsumer& dies = w.consumer();
  dies.submit(false);
  committed_in(dies, 3);
  dies.leave();
  nowhere(dies);

  check(w, w.enabled_in(detached.ident()) == 3, "the detached program is not where it was");
  const auto listed = w.programs();
  check(w,
        listed.size() == 1 && listed[0].ident == detached.ident() && listed[0].state == "committed",
        "the detached program alone is listed");
  w.ask("program.kill", ident_params(detached.ident()));
  nowhere(detached);
  w.until([&] { return w.programs().empty() && !w.loaded_anywhere(); }, "the end");
}

using Life = void (*)(FleetWorld&);

struct Outcome {
  bool crashed = false;
  std::string point, trouble;
};

Outcome live(Life life, const CrashPlan& plan) {
  Outcome o;
  try {
    FleetWorld w(plan);
    try {
      life(w);
      w.end_daemon();
    } catch (const std::exception& e) {
      w.complaints().emplace_back(e.what());
    }
    o.crashed = w.crashed();
    o.point = w.point();
    for (const std::string& c : w.complaints()) o.trouble += c + "\n";
    if (!o.trouble.empty()) o.trouble += "killed at: " + o.point + "\nlog:\n" + w.log();
  } catch (const std::exception& e) {
    o.trouble = e.what();
  }
  return o;
}

/* The third word of "n when call what". */
std::string call_of(const std::string& point) {
  std::istringstream words(point);
  std::string number, when, call;
  words >> number >> when >> call;
  return call;
}

/* Every point of a life, before and after. */
void every_point(const char* name, Life life) {
  std::atomic<unsigned long> next{1}, end{kMost};
  std::mutex mutex;
  std::map<std::string, unsigned> kinds;
  std::vector<std::string> troubles;
  auto work = [&] {
    for (unsigned long n; (n = next++) < end;)
      for (bool after : {false, true}) {
        const Outcome o = live(life, {.kill_at = n, .after = after});
        const std::scoped_lock lock(mutex);
        if (!o.trouble.empty())
          troubles.push_back(std::to_string(n) + (after ? " after: " : " before: ") + o.trouble);
        if (!o.crashed) {
          end = std::min(end.load(), n); /* the life has fewer points than that */
          break;
        }
        const std::string call = call_of(o.point);
        kinds[call]++;
        if (call == "recvmsg") break; /* taken and lost, before or after */
      }
  };
  {
    std::vector<std::jthread> workers;
    for (unsigned i = 0; i < kWorlds; i++) workers.emplace_back(work);
  }
  std::string summary;
  unsigned total = 0;
  for (auto& [kind, count] : kinds) {
    summary += " " + kind + " " + std::to_string(count);
    total += count;
  }
  std::printf("%s: %u crashes:%s\n", name, total, summary.c_str());
  CHECK(total > 0);
  CHECK(end.load() < kMost);
  for (size_t i = 0; i < troubles.size() && i < 3; i++) FAIL_CHECK(troubles[i]);
  CHECK(troubles.empty());
}

}  // namespace

TEST_CASE("crash points: a consumer that goes with its coordinator") {
  every_point("abandoned", abandoned);
}

TEST_CASE("crash points: a whole life" * doctest::skip()) {
  every_point("whole life", whole_life);
}
