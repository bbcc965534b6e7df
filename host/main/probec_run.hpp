/* Run: a compiled program on its probes: matched, enabled, consumed to the end.
 *
 *     Run run(cli, report, compilation);
 *     if (!run.match()) return 1;
 *     return run.run();
 *
 * Or run.attach() alone, for a program that runs in the fleet already. One thread; what it is given is the
 * caller's and must outlive it. */
#pragma once
#include "host/session.hpp"
#include "probec_compilation.hpp"
#include "probec_report.hpp"

namespace hp {

class Run {
 public:
  Run(Cli& cli, const Report& report, Compilation& compilation)
      : cli_(cli), report_(report), compilation_(compilation) {}

  /* Descriptions to probes. False when one matches none, which has been said. */
  bool match();
  size_t probes() const { return enabling_.probes.size(); }
  /* The exit status. */
  int run();
  int attach();

 private:
  bool only_in_guests(size_t desc) const;
  bool match_failed(size_t desc);
  void report_matches(const Unit&) const;
  Result<> count_in_fleet(const Object&, const handler::SegmentView&, size_t guests);
  void set_environment() const;
  Result<int> run_session();
  Result<int> run_attached();
  host::SessionOptions options_for(host::Session*& running);
  int ended(const Result<int>& status) const;

  Cli& cli_;
  const Report& report_;
  Compilation& compilation_;
  host::ProbeTable table_;
  host::Enabling enabling_;
  bool counted_ = false; /* with -E: what matched has been told */
};

}  // namespace hp
