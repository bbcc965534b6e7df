#include "explorer.hpp"

#include <deque>
#include <unordered_map>
#include <unordered_set>

namespace hp::model {
namespace {

constexpr size_t kMaxHealing = 2000; /* steps until rest; more is a livelock */

struct Hash {
  uint64_t a, b;
  bool operator==(const Hash&) const = default;
};
struct HashOf {
  size_t operator()(const Hash& h) const { return h.a; }
};

/* Two multiplicative hashes of 64 bits with different constants, finished like SplitMix64. */
uint64_t hash(const std::string& s, uint64_t seed, uint64_t factor) {
  uint64_t h = seed;
  for (const char c : s) h = (h ^ static_cast<uint8_t>(c)) * factor + (h >> 47);
  h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9u;
  h = (h ^ (h >> 27)) * 0x94d049bb133111ebu;
  return h ^ (h >> 31);
}
Hash hash(const std::string& s) {
  return {hash(s, 0x243f6a8885a308d3u, 0x9e3779b97f4a7c15u),
          hash(s, 0x13198a2e03707344u, 0xd6e8feb86659fd93u)};
}

struct Came { /* how a state was reached first */
  uint32_t from;
  Action by;
};

class Exploration {
 public:
  explicit Exploration(const Scenario& scenario) : scenario_(scenario) {}
  Explored run(size_t max_states, size_t max_depth);

 private:
  bool visit(World&, uint32_t from, const Action&, uint32_t depth);
  bool step(const World&, uint32_t from, Action, uint32_t depth);
  bool heals(const World&, uint32_t state);
  void violated(const std::string& what, uint32_t from, const std::optional<Action>& last);

  struct Open {
    World world;
    uint32_t state, depth;
  };
  const Scenario& scenario_;
  Explored result_;
  std::unordered_set<Hash, HashOf> visited_, healed_;
  std::vector<Came> came_;
  std::deque<Open> open_;
};

void Exploration::violated(const std::string& what, uint32_t from,
                           const std::optional<Action>& last) {
  std::vector<Action> actions;
  if (last) actions.push_back(*last);
  for (uint32_t s = from; s != 0; s = came_[s].from) actions.push_back(came_[s].by);
  std::string text = what + "\n";
  World world(scenario_);
  for (auto it = actions.rbegin(); it != actions.rend(); ++it) {
    text += "  " + to_text(*it) + "\n";
    try {
      world.apply(*it);
    } catch (const Violation&) {
      break;
    }
  }
  result_.violation = text + world.describe();
}

/* From here without faults. */
bool Exploration::heals(const World& start, uint32_t state) {
  std::vector<Hash> path;
  World world(start);
  std::string steps;
  try {
    for (;;) {
      const Hash h = hash(world.key(false));
      if (healed_.count(h)) break;
      path.push_back(h);
      if (path.size() > kMaxHealing) throw Violation{"it never comes to rest"};
      if (!world.heal()) {
        world.check_rest();
        break;
      }
    }
  } catch (const Violation& v) {
    violated("once faults stop: " + v.what, state, std::nullopt);
    *result_.violation += "at rest:\n" + world.describe();
    return false;
  }
  healed_.insert(path.begin(), path.end());
  return true;
}

bool Exploration::visit(World& world, uint32_t from, const Action& by, uint32_t depth) {
  result_.transitions++;
  if (!visited_.insert(hash(world.key(true))).second) return true;
  const auto state = static_cast<uint32_t>(came_.size());
  came_.push_back({from, by});
  result_.depth = std::max<size_t>(result_.depth, depth);
  if (!heals(world, state)) return false;
  open_.push_back({world, state, depth});
  return true;
}

/* One action, and the coordinator's crash within it wherever that can be. */
bool Exploration::step(const World& world, uint32_t from, Action action, uint32_t depth) {
  size_t effects = 1;
  for (size_t crash = 0; crash < effects; crash++) {
    try {
      World next(world);
      const size_t n = next.apply(action);
      if (!visit(next, from, action, depth)) return false;
      if (action.crash_after == Action::kNoCrash) effects = world.may_crash() ? n + 1 : 1;
      action.crash_after = static_cast<uint8_t>(crash);
    } catch (const Violation& v) {
      violated(v.what, from, action);
      return false;
    }
  }
  return true;
}

Explored Exploration::run(size_t max_states, size_t max_depth) {
  World start(scenario_);
  bool well = visit(start, 0, {}, 0);
  bool cut = false;
  while (well && !open_.empty()) {
    if (max_states != 0 && came_.size() >= max_states) {
      cut = true;
      break;
    }
    const Open open = std::move(open_.front());
    open_.pop_front();
    if (max_depth != 0 && open.depth >= max_depth) {
      cut = true;
      continue;
    }
    for (const Action& action : open.world.actions())
      if (!(well = step(open.world, open.state, action, open.depth + 1))) break;
  }
  result_.states = came_.size();
  result_.complete = well && !cut;
  return result_;
}

}  // namespace

Explored explore(const Scenario& scenario, size_t max_states, size_t max_depth) {
  return Exploration(scenario).run(max_states, max_depth);
}

}  // namespace hp::model
