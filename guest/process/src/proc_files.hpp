/* What /proc would tell a guest about its monitor, told about the guest instead.
 *
 *   /proc/PID/exe            the monitor's file: calls that name it get the program's (of this process, or
 *                            of another guest)
 *   /proc/self/maps, status, stat    list the monitor's mappings, threads and signal handlers: opening
 *                            one gives a corrected copy, a file in memory (so its size is not 0, and it
 *                            does not follow later changes)
 *   /proc/PID/limits         a copy as well: the kernel's values include the monitor's room (limits.hpp)
 *   /proc/self/fd, task      the monitor's are left out (descriptors.cpp)
 *   cmdline, environ, auxv, [stack]  the kernel itself is told (elf_image.cpp, PR_SET_MM)
 *
 * Paths are recognised as they are written, absolute or relative to an open directory or the working
 * directory in /proc; a symbolic link of the guest's own that leads there is not. */
#pragma once
#include <cstdint>
#include <string>

namespace hp::guest {

/* The program of this process, an open descriptor of the monitor's. Set once, before the guest runs;
 * children of fork inherit it. */
void set_program_descriptor(int fd);

/* The path that means what (dirfd, path) means to the guest: path itself but for /proc/PID/exe. */
std::string translate_path(int dirfd, const std::string& path);

/* Is this process the monitor of a guest, of the same program file as this one? */
bool is_monitor(int64_t pid);

/* Does this thread of a monitor belong to the monitor itself (or to KVM)? */
bool is_monitor_thread(int64_t pid, int64_t tid);
/* What the monitor's own threads are called, at most 15 bytes. */
inline constexpr char kHelperName[] = "hyprobe-helper";

/* A path below /proc/PID that is corrected. */
struct ProcPath {
  enum Kind { kNone, kExe, kMaps, kStatus, kStat, kLimits } kind = kNone;
  int64_t pid = 0; /* 0: the calling process */
};
/* path: absolute, without symbolic links but /proc/self and /proc/thread-self. */
ProcPath classify_proc_path(const std::string& path, int64_t own_pid);

/* The parts of /proc/PID/maps that a guest would have natively; [brk_start, brk) is its [heap]. */
std::string correct_maps(const std::string& maps, uint64_t brk_start, uint64_t brk);

/* What the monitor changes in /proc/PID/status and stat. */
struct GuestStatus {
  int threads = 1;
  uint64_t blocked = 0, ignored = 0, caught = 0; /* signal masks, bit n-1 for signal n */
  bool signals_known = true;                     /* else those stay as they are */
};
std::string correct_status(const std::string& status, const GuestStatus&);
std::string correct_stat(const std::string& stat, const GuestStatus&);

/* The program of another guest process, "" if pid is none: it is a monitor like this one, and its
 * start_code lies in the program. */
std::string program_of(int64_t pid);

}  // namespace hp::guest
