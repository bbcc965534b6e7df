/* LocalProbes: the probes that fire in the consumer's own process: BEGIN, END, tick-N, profile-N.
 *
 *     LocalProbes local(program);
 *     local.begin();
 *     segment.set_state(HP_STATE_ACTIVE);
 *     local.start(now);
 *     loop: poll(..., until local.next_deadline()); local.fire_due(now);
 *     segment.set_state(HP_STATE_DRAINING);
 *     local.end();
 *
 * Names of timer probes are those of dtrace(1)'s profile provider: profile-N and tick-N, N a number
 * with one of the suffixes ns nsec us usec ms msec s sec m min h hour d day hz (hz when none is
 * given), in any case; shorter than 200 us is refused. A tick fires once per interval; a profile
 * probe fires once for each online CPU and in its name, on the thread that drives this object.
 * Firings that were missed because that thread was late are made up for, up to kMaxCatchUp at once.
 *
 * One thread drives it. Times are nanoseconds of CLOCK_MONOTONIC. */
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "handler/ancestry.hpp"
#include "handler/program.hpp"
#include "handler/timer_probe.hpp"
#include "transport/control.h"

namespace hp::host {

using handler::parse_timer_probe;
using handler::TimerProbe;

class LocalProbes {
 public:
  static constexpr uint64_t kNever = ~0ull;
  static constexpr uint64_t kMinInterval = 200'000;
  static constexpr unsigned kMaxCatchUp = 100;

  /* program outlives this object. Firings carry this process's identity and vmid 0. */
  explicit LocalProbes(handler::Program& program);
  LocalProbes(const LocalProbes&) = delete;
  LocalProbes& operator=(const LocalProbes&) = delete;

  /* True if clauses ran. */
  bool begin() { return fire(HP_PROBE_BEGIN); }
  bool end() { return fire(HP_PROBE_END); }

  /* Starts the timers of the profile provider that stand in the program's probe table: the first
   * firing is one interval from now. */
  void start(uint64_t now);
  /* When fire_due wants to be called next; kNever without timers. */
  uint64_t next_deadline() const;
  /* Fires what is due, in the order of the deadlines; returns the number of firings. Stops early
   * once a clause has called exit(). */
  size_t fire_due(uint64_t now);

 private:
  struct Timer {
    uint32_t probe;
    TimerProbe spec;
    uint64_t deadline;
  };
  bool fire(uint32_t probe_id);
  bool fire_here(uint32_t probe);
  void learn_modules();

  handler::Program& program_;
  hp_firing firing_{};
  std::string hostname_, osversion_;
  handler::Ancestry ancestry_;
  hp_uregs uregs_{};
  ModuleMap modules_; /* this process's, when a clause asks for its stack */
  std::vector<Timer> timers_;
  std::vector<uint32_t> cpus_; /* that this process may be told about: those online */
};

}  // namespace hp::host
