/* `probevm run`: a Linux guest from its options to its end. */
#pragma once
#include <CLI/CLI.hpp>
#include <deque>
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

/* What the command line said, before it is put over the configuration file. */
struct RunOptions {
  std::string file;
  std::deque<std::pair<const RunField*, std::vector<std::string>>> given;
};
/* Adds the subcommand's options; the result outlives the parsing. */
std::shared_ptr<RunOptions> add_run_options(CLI::App& run);
Result<RunConfig> run_config(const RunOptions&);
/* The program's exit status. */
int run_guest(const RunConfig&);

}  // namespace hp
