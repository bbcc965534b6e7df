/* execve(2) of a guest: checks the program as the kernel would, then executes the monitor's own
 * file again, which loads the program afresh:
 *
 *   hyprobe-guest --exec SIGMASK --program-fd N [--control N --socket N] --self N --gate G
 *                 -- PROGRAM ARGV0 ARG...
 *
 * with the guest's environment (PROGRAM: what AT_EXECFN shows). Descriptors that the guest left open stay open, signal dispositions
 * and masks are kept as execve(2) says. */
#pragma once
#include <string>

#include "exec_plan.hpp"

namespace hp::guest {

/* Looks a command up in PATH, as execvp(3) does. */
std::string find_in_path(const std::string& command);

}  // namespace hp::guest
