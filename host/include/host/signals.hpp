/* StopSignals: SIGINT, SIGTERM and SIGHUP as a descriptor to poll and a count to ask.
 *
 * The first asks for an orderly end (END runs, output is printed), the second for a quick one;
 * signals within 200 ms count once, for one request may come both alone and to the group.
 * Signals that were ignored stay ignored, as nohup(1) wants it. Handlers, not a blocked mask: what is
 * executed meanwhile starts with the caller's mask. SIGPIPE is ignored: writing to a reader that is
 * gone is an error like any other. One instance at a time; restores what was there. */
#pragma once
#include <signal.h>

#include <array>

#include "transport/fd.hpp"

namespace hp::host {

class StopSignals {
 public:
  static Result<StopSignals> install();
  StopSignals(StopSignals&&) = default;
  StopSignals& operator=(StopSignals&&) = delete;
  ~StopSignals();

  int fd() const { return event_.get(); } /* readable after a signal, until drain() */
  void drain();
  int count() const;
  int last() const; /* signal number, 0 if none */

  static constexpr std::array kSignals = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};

 private:
  StopSignals() = default;
  Fd event_;
  std::array<struct sigaction, kSignals.size()> before_{};
};

}  // namespace hp::host
