#include <random>

#include "explorer.hpp"

namespace hp::model {
namespace {

constexpr size_t kMaxHealing = 20'000;
constexpr size_t kSeldom = 12; /* one of so many faults that could come does */

bool is_fault(const Action& action) {
  switch (action.kind) {
    case Action::DoubleToGuest:
    case Action::LoseToGuest:
    case Action::RefuseAtGuest:
    case Action::DoubleToCoordinator:
    case Action::LoseToCoordinator:
    case Action::CloseGuestEnd:
    case Action::CloseCoordinatorEnd:
    case Action::CrashGuest:
    case Action::HostFailed:
    case Action::CrashCoordinator:
    case Action::FailDecision:
    case Action::ConsumerDies:
    case Action::ConsumerBreaks:
    case Action::KillProgram:
    case Action::Tick:
      return true;
    default:
      return false;
  }
}

std::optional<std::string> walk_once(const Scenario& scenario, size_t steps, std::mt19937& random) {
  auto pick = [&](size_t n) { return std::uniform_int_distribution<size_t>(0, n - 1)(random); };
  World world(scenario);
  std::string came;
  try {
    for (size_t i = 0; i < steps; i++) {
      const auto actions = world.actions();
      if (actions.empty()) break;
      Action action = actions[pick(actions.size())];
      if (is_fault(action) && pick(kSeldom) != 0) continue;
      if (world.may_crash() && action.kind != Action::CrashCoordinator && pick(200) == 0)
        action.crash_after = static_cast<uint8_t>(pick(4));
      came += "  " + to_text(action) + "\n";
      world.apply(action);
    }
    came += "  faults stop\n";
    for (size_t i = 0; world.heal(); i++)
      if (i > kMaxHealing) throw Violation{"it never comes to rest"};
    world.check_rest();
  } catch (const Violation& v) {
    return v.what + "\n" + came + world.describe();
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> walk(const Scenario& scenario, size_t steps, unsigned seed) {
  std::mt19937 random(seed);
  return walk_once(scenario, steps, random);
}

}  // namespace hp::model
