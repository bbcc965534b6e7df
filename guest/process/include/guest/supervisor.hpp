/* Supervisor: starts a process guest, tells its monitors which programs run, and outlives none of
 * it.
 *
 * A guest is a tree of processes, each in a monitor (hyprobe-guest). One Supervisor owns the tree:
 *
 *     owner (probec -c, probevm exec)          its event loop polls poll_fds() and calls dispatch()
 *       └─ keeper                              small forked process; parent and reaper of the tree
 *            └─ hyprobe-guest PROGRAM ...      the first monitor; in the caller's process group, with
 *                 └─ hyprobe-guest ...         the caller's terminal, signals and descriptors
 *
 * Nothing is left behind: the keeper is a child subreaper (prctl(2) PR_SET_CHILD_SUBREAPER), so no
 * process of the guest can leave its subtree. It watches the owner by pidfd and by a socket. When
 * the owner dies, for whatever reason, or destroys the Supervisor, the keeper sends SIGKILL to its
 * children, adopts theirs, and repeats until none remains. The first monitor dies with the keeper
 * (PR_SET_PDEATHSIG), should that be killed.
 *
 * The control page and the requests of monitors are described in transport/control.h.
 *
 *     GuestOptions o;
 *     o.argv = {"find", "/usr"};
 *     o.paused = true;
 *     auto guest = HP_TRY(Supervisor::start(o));
 *     uint32_t slot = HP_TRY(guest->prepare(object_fd, segment_fd, ident));
 *     guest->commit(slot, mask);
 *     guest->resume();
 *     while (!guest->exit_status()) { poll(guest->poll_fds()...); guest->dispatch(); }
 *     exit_as(*guest->exit_status());
 *
 * Threading: one thread at a time. Errors are those of the environment, as sentences for the user.
 */
#pragma once
#include <poll.h>
#include <signal.h>
#include <sys/types.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "transport/control.h"
#include "transport/fd.hpp"
#include "transport/result.hpp"

namespace hp::guest {

/* Which system calls a program has enabled: bit nr of entry or ret. */
struct SyscallMask {
  std::array<uint64_t, HP_CTL_SYSCALLS / 64> entry{}, ret{};
  bool profile = false; /* the program samples the guest's threads */
  void set(uint32_t nr, bool is_return) { (is_return ? ret : entry)[nr / 64] |= 1ull << (nr % 64); }
  bool test(uint32_t nr, bool is_return) const {
    return ((is_return ? ret : entry)[nr / 64] >> (nr % 64)) & 1;
  }
  uint32_t count() const;
};

struct GuestOptions {
  std::vector<std::string> argv; /* program (searched in PATH by the monitor) and its arguments */
  std::string name;              /* vmname; shorter than HP_NAME_MAX; empty: basename of argv[0] */
  std::string hostname;          /* empty: this machine's */
  std::string osversion;         /* empty: "Linux-<release>" of this machine */
  uint32_t vmid = 0;
  uint32_t gate = HP_GATE_AUTO;
  bool late_programs = false; /* programs are committed while the guest runs, too */
  bool paused = false;        /* wait for resume() before the first instruction */
  std::string monitor;        /* path of hyprobe-guest; empty: find_monitor() */
  /* The guest starts with this signal mask; default: the calling thread's. */
  std::optional<sigset_t> signal_mask;
  /* Signals that the owner ignores for itself and that the guest must have at SIG_DFL. (Handlers
   * are reset by execve anyway; what the owner inherited as ignored stays ignored.) */
  std::vector<int> default_signals;
};

class Supervisor {
 public:
  /* Starts the keeper and the first monitor. */
  static Result<std::unique_ptr<Supervisor>> start(const GuestOptions&);
  /* Kills what is left of the guest and waits for it to be gone. */
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  /* Of the guest's first process. */
  pid_t pid() const { return pid_; }
  const hp_ctl& control() const { return *ctl_; }
  /* Renumbers the guest (a coordinator that restarted may give it another vmid). */
  void set_vmid(uint32_t vmid);

  /* Takes a program slot: monitors may load the program, nothing fires yet. The descriptors are
   * duplicated. Fails when all HP_CTL_PROGRAMS slots are taken. */
  Result<uint32_t> prepare(int object_fd, int segment_fd, const uint8_t ident[16]);
  /* Enables the program: from here on its probes fire, all together. */
  void commit(uint32_t slot, const SyscallMask&);
  /* Stops the program and frees its slot: no firing of it begins after this returns, except in
   * monitors that are just between their test of the mask and the handler. */
  void disable(uint32_t slot);
  /* Lets a paused guest run. */
  void resume();

  /* What the owner's loop polls for POLLIN; entries with fd -1 are done with. */
  std::array<pollfd, 2> poll_fds() const;
  /* Serves what is pending; never blocks. */
  void dispatch();

  /* Status of the first process as waitpid(2) gives it, once it ended. */
  std::optional<int> exit_status() const { return status_; }
  /* The whole tree is gone. */
  bool finished() const { return finished_; }

  /* Sends a signal to the first process, if it still lives. */
  void signal(int signo);
  /* SIGKILL to every process of the guest; poll and dispatch until finished(). */
  void kill();

 private:
  struct Program {
    Fd object, segment;
    uint32_t generation = 0;
    bool used = false;
  };
  Supervisor() = default;
  void renew_profile();
  void serve_requests();
  void read_keeper();
  void answer(const hp_ctl_request&, int reply_socket);

  Fd ctl_fd_, requests_, lifeline_, keeper_pidfd_;
  Mapping ctl_map_;
  hp_ctl* ctl_ = nullptr;
  pid_t keeper_ = -1, pid_ = -1;
  std::optional<int> status_;
  bool finished_ = false;
  std::array<Program, HP_CTL_PROGRAMS> programs_;
  uint32_t next_slot_ = 0;
  uint32_t generation_ = 0; /* never the same twice, whatever the slot */
};

/* Where hyprobe-guest is: $HYPROBE_GUEST, beside the running program, or ../libexec/hyprobe. */
Result<std::string> find_monitor();

/* "Linux-<release>" of this machine. */
std::string host_osversion();
std::string host_hostname();

/* Ends the calling process as a child with this wait status ended: the same exit status, or death
 * by the same signal (without a second core file). */
[[noreturn]] void exit_as(int wait_status);

}  // namespace hp::guest
