/* execve(2) of a guest: checks the program as the kernel would, then executes the monitor's own
 * file again, which loads the program afresh:
 *
 *   hyprobe-guest --exec SIGMASK --program-fd N [--control N --socket N] --self N --gate G
 *                 -- PROGRAM ARGV0 ARG...
 *
 * with the guest's environment. Descriptors that the guest left open stay open, signal dispositions
 * and masks are kept as execve(2) says. */
#pragma once
#include <string>
#include <vector>

#include "transport/fd.hpp"

namespace hp::guest {

struct ResolvedProgram {
  Fd file;                       /* the ELF file */
  std::string path;              /* what AT_EXECFN shows */
  std::vector<std::string> argv; /* with the interpreters of #! lines in front */
};

/* Opens the program, following #! lines (at most 5) as execve(2) does. Errors carry the errno.
 * dirfd as in execveat(2). first_arg: the argv given. */
Result<ResolvedProgram> resolve_program(int dirfd, const std::string& path,
                                        std::vector<std::string> argv, int flags = 0);
/* Looks a command up in PATH, as execvp(3) does. */
std::string find_in_path(const std::string& command);

}  // namespace hp::guest
