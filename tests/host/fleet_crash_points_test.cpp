/* The coordinator killed before and after each call by which it changes its base folder, a segment or a peer
 * (tests/support/kill_at.cpp): the n-th of a life of transactions, for every n until that life ends without a kill.
 * After each it is started again; whatever was true before, all must agree in the end. */
#include <doctest/doctest.h>

#include <atomic>
#include <cstring>
#include <functional>
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

/* Journal and base folder hold these programs as committed, and no others but ended ones. */
void check_base(FleetWorld& w, const std::set<ProgramIdent>& committed,
                const std::set<std::string>& files) {
  std::set<ProgramIdent> found;
  for (auto& [ident, program] : w.journal())
    if (program.state != FleetJournal::State::Ended) found.insert(ident);
  check(w, found == committed, "the journal has other open programs than it should");
  for (const std::string& name : w.files())
    check(w, files.count(name) != 0 || name == "lock" || name.compare(0, 14, "journal.sqlite") == 0,
          "a file is left: " + name);
  for (const std::string& name : files)
    check(w, w.files().count(name) != 0, "a file is missing: " + name);
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
  check_base(w, {}, {});
}

using Life = void (*)(FleetWorld&);

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
  w.until([&] { return refused.state() != FleetConsumer::Submitted; }, "the refusal");
  if (refused.state() ==
      FleetConsumer::Committed) { /* while that guest was away, or it would not be */
    check(w, w.crashed(), "a refused program is committed");
    w.ask("program.kill", ident_params(refused.ident()));
  }
  nowhere(refused);
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
  const std::string kept = to_hex(detached.ident());
  check_base(w, {detached.ident()}, {kept + ".elf", kept + ".segment"});
  w.ask("program.kill", ident_params(detached.ident()));
  nowhere(detached);
  w.until([&] { return w.programs().empty() && !w.loaded_anywhere(); }, "the end");
  check_base(w, {}, {});
}

/* Programs come and go while the disk fails; when it is well again, the next coordinator agrees with everybody. */
void failing_disk(FleetWorld& w) {
  w.guest("web1");
  w.guest("web2");
  for (bool detach : {false, true}) {
    FleetConsumer& c = w.consumer();
    c.submit(detach);
    w.until([&] { return c.state() != FleetConsumer::Submitted; }, "the decision");
    if (c.state() == FleetConsumer::Committed) {
      w.until([&] { return w.enabled_in(c.ident()) == 2; }, "the guests' commit");
      w.ask("program.kill", ident_params(c.ident()));
      w.until([&] { return w.enabled_in(c.ident()) == 0; }, "the guests' end of it");
    } else {
      check(w, c.state() == FleetConsumer::Aborted && !c.reason().empty(),
            "an abort without a reason");
      w.until([&] { return !w.loaded_anywhere(); }, "the guests' abort");
    }
    c.leave();
  }
  FleetConsumer& stays = w.consumer();
  stays.submit(true);
  w.until([&] { return stays.state() != FleetConsumer::Submitted; }, "the decision");
  const bool committed = stays.state() == FleetConsumer::Committed;
  w.until([&] { return w.enabled_in(stays.ident()) == (committed ? 2 : 0); }, "the guests");
  stays.leave();
  w.restart();
  w.until([&] { return w.programs().size() == (committed ? 1 : 0); },
          "what was committed, and that alone");
  w.until([&] { return w.enabled_in(stays.ident()) == (committed ? 2 : 0); },
          "the guests after the restart");
  if (committed) w.ask("program.kill", ident_params(stays.ident()));
  w.until([&] { return w.programs().empty() && !w.loaded_anywhere(); }, "the end");
  check_base(w, {}, {});
}

struct Outcome {
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

/* A life with each plan in turn, until one whose point it does not have; plans(n): those of the n-th point, of
 * which the later ones are left out where `once` says so of the call. */
void every_point(const std::string& name, Life life,
                 const std::function<std::vector<CrashPlan>(unsigned long)>& plans,
                 const char* once = "") {
  std::atomic<unsigned long> next{1}, end{kMost};
  std::mutex mutex;
  std::map<std::string, unsigned> calls;
  std::vector<std::string> troubles;
  auto work = [&] {
    for (unsigned long n; (n = next++) < end;)
      for (const CrashPlan& plan : plans(n)) {
        const Outcome o = live(life, plan);
        const std::scoped_lock lock(mutex);
        if (!o.trouble.empty())
          troubles.push_back(name + " " + std::to_string(n) + ": " + o.trouble);
        if (o.point.empty()) {
          end = std::min(end.load(), n); /* the life has fewer points than that */
          break;
        }
        const std::string call = call_of(o.point);
        calls[call]++;
        if (call == once) break;
      }
  };
  {
    std::vector<std::jthread> workers;
    for (unsigned i = 0; i < kWorlds; i++) workers.emplace_back(work);
  }
  std::string summary;
  unsigned total = 0;
  for (auto& [call, count] : calls) {
    summary += " " + call + " " + std::to_string(count);
    total += count;
  }
  std::printf("%s: %u points:%s\n", name.c_str(), total, summary.c_str());
  CHECK(total > 0);
  CHECK(end.load() < kMost);
  for (size_t i = 0; i < troubles.size() && i < 3; i++) FAIL_CHECK(troubles[i]);
  CHECK(troubles.empty());
}

/* What was received is lost with the process, before or after. */
void every_kill(const std::string& name, Life life, bool power = false) {
  every_point(
      name, life,
      [&](unsigned long n) -> std::vector<CrashPlan> {
        return {{.kill_at = n, .power = power}, {.kill_at = n, .after = true, .power = power}};
      },
      "recvmsg");
}

/* Once, and from there on. */
void every_failure(const std::string& name, Life life, int error) {
  every_point(name, life, [&](unsigned long n) -> std::vector<CrashPlan> {
    return {{.fail_at = n, .fail_for = 1, .fail_with = error},
            {.fail_at = n, .fail_for = 0, .fail_with = error}};
  });
}

}  // namespace

TEST_CASE("crash points: a consumer that goes with its coordinator") {
  every_kill("abandoned", abandoned);
}

TEST_CASE("crash points: a whole life") {
  every_kill("whole life", whole_life);
}

TEST_CASE("crash points: a whole life, where power is lost") {
  every_kill("whole life, power", whole_life, true);
}

TEST_CASE("failure points: the disk is full, or fails") {
  for (int error : {ENOSPC, EIO}) every_failure(std::strerror(error), failing_disk, error);
}
