/* FleetEffects: does what the transaction decides: the journal's decisions, messages to guests and consumers, the guest
 * tables of segments. Whatever a decision brings about is done as well, before carry_out() returns. One thread. */
#pragma once
#include "host/fleet_state.hpp"

namespace hp {

class FleetEffects {
 public:
  explicit FleetEffects(FleetState& state) : state_(state) {}
  void carry_out(Effects);

 private:
  /* What it brings about is added to `more`. */
  void carry_out(const Effect&, Effects& more);
  void to_guest(const Effect&, const char* method);
  void to_consumer(const Effect&, const char* method);
  void prepare(const Effect&);
  void decide(const Effect&, Effects& more);
  void log_end(const Effect&);
  void remake(const Effect&, Effects& more);
  void answer_submit(const Effect&);
  void ended(const Effect&);
  void forget(const Effect&);

  FleetState& state_;
};

}  // namespace hp
