/* `probevm run`: a Linux guest from its options to its end. */
#pragma once
#include <CLI/CLI.hpp>
#include <memory>

#include "run_config.hpp"

namespace hp {

/* Exit statuses of `probevm run`: docs/man/probevm.1.scd. */
enum RunStatus {
  kPoweredOff = 0,
  kGuestReset = 10,
  kGuestPanicked = 11,
  kGuestTripleFault = 12,
  kGuestKilled = 13,
  kMachineFailed = 14,
  kNotStarted = 125,
};

/* Adds the subcommand's options; the result must live until run_guest(). */
std::shared_ptr<RunConfig> add_run_options(CLI::App& run);
/* After parsing; the program's exit status. */
int run_guest(const RunConfig&);

}  // namespace hp
