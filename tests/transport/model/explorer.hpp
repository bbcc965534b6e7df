/* Explores all worlds that can be reached from a scenario's start, breadth first, each once; from each lets the
 * faults stop, and checks that it comes to rest as it must.
 *
 * Worlds are told apart by 128-bit hashes of their keys: among 10 million worlds the chance that two are taken for
 * one is below 10^-24. A violation comes with the shortest sequence of actions that leads to it. */
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "world.hpp"

namespace hp::model {

struct Explored {
  size_t states = 0, transitions = 0, depth = 0;
  bool complete = false;                /* nothing more can be reached */
  std::optional<std::string> violation; /* what, and how it came about */
};

/* At most so many states and so long sequences of actions; 0: no limit. */
Explored explore(const Scenario&, size_t max_states, size_t max_depth);

/* One random sequence of actions, after which faults stop: the violation, if there is one. For scenarios that are too
 * large to explore. */
std::optional<std::string> walk(const Scenario&, size_t steps, unsigned seed);

}  // namespace hp::model
