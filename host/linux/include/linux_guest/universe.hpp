/* The probes that a Linux guest has, and which of them a program's descriptions match.
 *
 *   provider     module          function    name           fires
 *   syscall      vmlinux         CALL        entry, return  raw_syscalls tracepoints, by number
 *   sdt          SUBSYSTEM       TRACEPOINT  TRACEPOINT     tracepoint
 *   rawtp        vmlinux         TRACEPOINT  TRACEPOINT     the same
 *   fbt          vmlinux, MODULE FUNCTION    entry, return  kprobe, kretprobe or fprobe
 *   proc, sched,
 *   io, tcp      vmlinux                     (aliases.def)  tracepoints and functions, some of their firings
 *   profile                                  profile-N      a timer on every CPU
 *   uprobe, usdt, pidN ... in programs: user_probes.hpp
 *   vmm          kvm             REASON      exit           exits of a vCPU to the VMM; the guest takes no part
 *
 * Matching is handler::matches_probe()'s, so that what is entered in the segment's table here is what the program
 * runs clauses for later. Pure. */
#pragma once
#include <string>
#include <vector>

#include "handler/match.hpp"
#include "handler/segment_view.hpp"
#include "linux_guest/guest_kernel.hpp"
#include "transport/object.hpp"
#include "transport/trace.h"

namespace hp::linux_guest {

/* What must hold of a firing for a probe that is made of some of another's firings. */
enum class Filter : uint8_t {
  None,
  Leader,     /* the thread is its process's first */
  NewProcess, /* task_newtask: arg1, the clone(2) flags, make no thread */
  NewThread,  /* ... make one */
  Connecting, /* inet_sock_set_state: arg1, the old state, to arg2 */
  Connected,  /* by connect(2) */
  ConnectRefused,
  Accepted,
};

struct FoundProbe {
  hp_seg_probe names; /* id: of those that all guests share, else 0 */
  hp_attach attach;   /* probe, size, text unset; kind 0: nothing is attached */
  std::string text;
  uint32_t exit_reason = 0; /* of vmm probes: KVM_EXIT_* */
  bool is_static = false;   /* of user probes: arguments as the file's note has them */
  std::string arguments;
  Filter filter = Filter::None;
  uint8_t shift = 0; /* this many of the arguments are left out */
};

/* Every probe of this guest that a description for this target matches, each once. kernel: nullptr when it is
 * not known; then there are only vmm probes. table: the program's segment, for the rates of profile probes. */
std::vector<FoundProbe> find_probes(const Object&, const handler::Target&,
                                    const GuestKernel* kernel, const handler::SegmentView& table);

}  // namespace hp::linux_guest
