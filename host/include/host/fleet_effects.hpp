/* FleetEffects: does what the transaction decides: messages to guests and consumers, the guest tables of segments.
 * One thread. */
#pragma once
#include "host/fleet_state.hpp"

namespace hp {

class FleetEffects {
 public:
  explicit FleetEffects(FleetState& state) : state_(state) {}
  void carry_out(const Effects&);

 private:
  void carry_out(const Effect&);
  void to_guest(const Effect&, const char* method);
  void to_consumer(const Effect&, const char* method);
  void prepare(const Effect&);
  void decision(const Effect&);
  void ended(const Effect&);
  void forget(const Effect&);
  FleetProgram* program(const Effect&);

  FleetState& state_;
};

}  // namespace hp
