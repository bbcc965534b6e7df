/* The keeper: the process between a Supervisor and its guest that reaps the guest's processes and
 * makes sure that none survives the owner. Internal to the supervisor; see supervisor.hpp.
 *
 * It is forked, not executed, from a process that may have threads, so all it runs is
 * async-signal-safe (signal-safety(7)): system calls and fixed buffers, no allocation. */
#pragma once
#include <signal.h>
#include <sys/types.h>

#include <cstdint>

namespace hp::guest {

/* Keeper -> supervisor, one SOCK_SEQPACKET message each. */
enum class KeeperEvent : uint32_t { Started = 1, ExecFailed, FirstExited, AllGone };
struct KeeperReport {
  KeeperEvent event;
  int32_t pid;   /* of the first monitor */
  int32_t value; /* ExecFailed: errno; FirstExited: wait status */
};
/* Supervisor -> keeper. Closing the socket asks for Kill as well. */
enum class KeeperOp : uint32_t { Signal = 1, Kill };
struct KeeperCommand {
  KeeperOp op;
  int32_t signo;
};

struct KeeperStart {
  const char* monitor;
  char* const* argv; /* of the monitor */
  int lifeline;      /* the keeper's end */
  int keep[2];       /* descriptors the monitor inherits: control page, request socket */
  pid_t owner;
  sigset_t signal_mask;
  const int* default_signals;
  int ndefault_signals;
};

/* Runs in the forked child, with all signals blocked; never returns. */
[[noreturn]] void run_keeper(const KeeperStart&) noexcept;

}  // namespace hp::guest
