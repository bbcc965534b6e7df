/* What execve(2) of a file means, decided before the point of no return: which ELF file is loaded, under
 * which names, with which arguments, or the error that the kernel would give.
 *
 * Follows execve(2) and execveat(2): scripts (#!) with one optional argument, nested at most five deep,
 * the limits on the sizes of strings, the errors and the order in which they are noticed. Differences: a
 * program must be readable by its caller, set-user-ID bits and file capabilities have no effect, and a
 * file that is open for writing is not refused (ETXTBSY). */
#pragma once
#include <string>
#include <vector>

#include "transport/fd.hpp"

namespace hp::guest {

struct ExecPlan {
  Fd file;            /* the ELF program to load, open for reading, close-on-exec */
  std::string execfn; /* AT_EXECFN: the file as it was named; /dev/fd/N for a descriptor */
  std::string comm;   /* the process's new name, at most 15 bytes */
  std::vector<std::string> argv; /* never empty; with the words that scripts add */
};

/* Decides an execveat(dirfd, path, argv, envp, flags); execve is (AT_FDCWD, ..., 0). Returns 0 or
 * -errno. envp_bytes and envp_count: the strings' sizes with their NULs, for the limit. */
int plan_exec(int dirfd, const std::string& path, int flags, std::vector<std::string> argv,
              uint64_t envp_bytes, uint64_t envp_count, ExecPlan& plan);

/* The first line of a script: `#!interpreter [argument]`. Exposed for its tests. text: the first 256
 * bytes of the file. Returns 0, or -ENOEXEC for a line that names no (or perhaps not the whole)
 * interpreter; 1 if text is no script. */
struct ScriptLine {
  std::string interpreter, argument;
};
int parse_script_line(const std::string& text, ScriptLine& line);

/* The strings of a guest's argv or envp: an array of pointers ended by a null pointer; address 0 is an
 * empty array, as Linux has it. 0, -EFAULT or -E2BIG. */
int read_exec_strings(uint64_t array, std::vector<std::string>& strings);

}  // namespace hp::guest
