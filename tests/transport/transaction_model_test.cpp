/* The transaction, model-checked: everything that can happen, in every order, to a coordinator, its journal, guests
 * and consumers within the bounds of a scenario. model/world.hpp says what can happen, model/world_checks.cpp what must
 * hold: always (nothing is enabled undecided or of another object, nothing committed is lost, no zombie that nobody
 * owes a KILL), and at rest, to which every state must come once faults stop.
 *
 * A scenario's faults are bounded in number, and then it is explored until nothing new can be reached, to the depth
 * that is printed. HP_MODEL_STATES=N stops each after N states, 0 never; the sanitizers' builds stop earlier. */
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <initializer_list>

#include "model/explorer.hpp"

using namespace hp::model;

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr size_t kMaxStates = 10'000;
#else
constexpr size_t kMaxStates = 1'000'000;
#endif

void explore_all(std::initializer_list<Scenario> scenarios) {
  const char* limit = std::getenv("HP_MODEL_STATES");
  const size_t max_states = limit ? std::strtoul(limit, nullptr, 10) : kMaxStates;
  size_t states = 0, depth = 0;
  bool complete = true;
  for (const Scenario& s : scenarios) {
    CAPTURE(&s - scenarios.begin());
    const Explored e = explore(s, max_states, 0);
    if (e.violation) FAIL(std::string(*e.violation));
    if (max_states == 0 || e.states < max_states) CHECK(e.complete);
    states += e.states;
    depth = std::max(depth, e.depth);
    complete = complete && e.complete;
  }
  MESSAGE(states << " states to depth " << depth
                 << std::string(complete ? ", which are all" : ", which are not all"));
  CHECK(states > 1000);
}

}  // namespace

TEST_CASE("model: messages are lost, doubled and overtake each other, and sessions break") {
  explore_all({{.budget = {.losses = 1, .doubles = 1, .breaks = 1}},
               {.slow_guests = 1, .budget = {.doubles = 1, .guest_crashes = 1, .refusals = 1}},
               {.guests = 3, .budget = {.losses = 1, .guest_crashes = 1}}});
}

TEST_CASE("model: the coordinator crashes anywhere and recovers from its journal") {
  explore_all({{.budget = {.losses = 1, .coordinator_crashes = 1, .ticks = 2}},
               {.budget = {.losses = 1, .doubles = 1, .coordinator_crashes = 1, .ticks = 1}}});
}

TEST_CASE("model: the coordinator crashes twice, or with three guests") {
  explore_all({{.budget = {.coordinator_crashes = 2, .ticks = 2}},
               {.guests = 3, .budget = {.doubles = 1, .coordinator_crashes = 1}},
               {.guests = 3, .late_joins = 1, .budget = {.coordinator_crashes = 1}}});
}

TEST_CASE("model: a program is killed, its consumer dies, the journal fails") {
  explore_all({{.budget = {.coordinator_crashes = 1,
                           .consumer_deaths = 1,
                           .kills = 1,
                           .journal_failures = 1}},
               {.budget = {.losses = 1, .doubles = 1, .guest_crashes = 1, .kills = 1}}});
}

TEST_CASE("model: guests join late, crash, refuse, answer slowly") {
  explore_all(
      {{.guests = 3, .late_joins = 1, .budget = {.guest_crashes = 1, .ticks = 1}},
       {.slow_guests = 1,
        .budget = {.doubles = 1, .coordinator_crashes = 1, .guest_crashes = 1, .ticks = 1}},
       {.slow_guests = 2, .budget = {.doubles = 1, .ticks = 1, .journal_failures = 1}},
       {.late_joins = 1,
        .skip_failing = true,
        .budget = {.doubles = 1, .coordinator_crashes = 1, .guest_crashes = 1, .refusals = 1}},
       {.skip_failing = true,
        .budget = {.losses = 1, .consumer_deaths = 1, .refusals = 1, .ticks = 1}}});
}

TEST_CASE("model: a detached program outlives its consumer and its coordinator") {
  explore_all(
      {{.guests = 1,
        .detached = true,
        .budget = {.breaks = 1, .coordinator_crashes = 2, .ticks = 2}},
       {.late_joins = 1, .detached = true, .budget = {.coordinator_crashes = 1, .ticks = 2}}});
}

TEST_CASE("model: a detached program's segment is made anew, and the coordinator crashes again") {
  explore_all(
      {{.detached = true, .budget = {.coordinator_crashes = 2, .consumer_deaths = 1, .ticks = 1}}});
}

TEST_CASE("model: two programs at once") {
  explore_all({{.programs = 2, .budget = {.losses = 1}},
               {.programs = 2, .budget = {.doubles = 1}},
               {.programs = 2, .budget = {.guest_crashes = 1}},
               {.programs = 2, .slow_guests = 1, .budget = {.refusals = 1}}});
}

TEST_CASE("model: two programs, and a consumer dies") {
  explore_all({{.programs = 2, .budget = {.consumer_deaths = 1}}});
}

TEST_CASE("model: one guest, and one of every fault") {
  explore_all(
      {{.guests = 1,
        .budget = {.losses = 1,
                   .doubles = 1,
                   .breaks = 1,
                   .coordinator_crashes = 1,
                   .guest_crashes = 1,
                   .consumer_deaths = 1}},
       {.guests = 1,
        .budget = {.doubles = 1,
                   .breaks = 1,
                   .coordinator_crashes = 1,
                   .guest_crashes = 1,
                   .consumer_deaths = 1,
                   .kills = 1,
                   .journal_failures = 1}},
       {.guests = 1, .budget = {.losses = 1, .doubles = 1, .coordinator_crashes = 2, .ticks = 3}}});
}

TEST_CASE("model: random schedules of five guests and three programs") {
  const unsigned schedules = kMaxStates < 100'000 ? 300 : 10'000;
  const Budget many{6, 6, 6, 3, 4, 1, 2, 1, 12, 2};
  for (unsigned seed = 1; seed <= schedules; seed++) {
    Scenario s{.guests = 5, .programs = 3, .budget = many};
    s.late_joins = seed % 3;
    s.slow_guests = seed / 3 % 3;
    s.skip_failing = seed / 9 % 2 != 0;
    s.detached = seed / 18 % 3 == 0;
    CAPTURE(seed);
    if (const auto violation = walk(s, 1000, seed)) FAIL(std::string(*violation));
  }
  MESSAGE(schedules << " schedules of up to 1000 steps");
}
