/* FleetProgram: what the coordinator holds of a submitted program beside the transaction's state.
 *
 * Made from a consumer's two descriptors, which are not trusted: the object is read once, checked and
 * copied into a sealed memfd of our own; the segment must be a memfd sealed against shrinking with a
 * sound header, and only its guest table is written, with pwrite(2), so a bad one cannot crash us. */
#pragma once
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "handler/match.hpp"
#include "host/fleet_channel.hpp"
#include "host/fleet_limits.hpp"
#include "transport/coordinator.hpp"
#include "transport/object.hpp"

namespace hp {

struct FleetProgram {
  static Result<FleetProgram> accept(const Fd& object, Fd segment);

  ProgramIdent ident{};                   /* hp_seg_header.ident */
  FleetChannel::SharedFd object, segment; /* sealed copy; the consumer's memfd */
  Coordinator::Matcher matches;           /* some description is for this guest */
  std::string script;                     /* for listings; shortened */
  pid_t pid = 0;                          /* the consumer's, by SO_PEERCRED */
  uint32_t uid = 0;
  bool destructive = false; /* its object says that it changes guests */
  uint64_t object_bytes = 0, segment_bytes = 0;
  FleetLimits::Program share;
  std::chrono::system_clock::time_point since = std::chrono::system_clock::now();
  std::vector<std::pair<PeerId, std::string>> kills; /* request ids that await its end */

  bool awaits_end(PeerId peer) const;
  /* The segment's guest table. */
  void mark_live(uint32_t vmid, const GuestOutcome&) const;
  void mark_gone(uint32_t vmid) const;

 private:
  uint64_t guests_off_ = 0;
};

/* Which system call probes a process guest enables, by the descriptions of an object. */
struct SyscallSelection {
  std::vector<std::pair<uint32_t, bool>> probes; /* number, is return */
  bool profile = false;                          /* profile-N: its threads are sampled */
};
SyscallSelection select_syscalls(const Object&, const handler::Target& guest);

/* JSON texts for messages. */
std::string outcome_json(const GuestOutcome&, const std::string* ident = nullptr);
std::string outcomes_json(const std::vector<GuestOutcome>&);
/* A sentence with the first few reasons. */
std::string abort_message(const std::string& reason, const std::vector<GuestOutcome>&);

/* Empty if a guest may be called so; otherwise what is wrong: 1 to HP_NAME_MAX - 1 printable ASCII
 * characters, no space or colon (a target ends at a colon). */
std::string bad_guest_name(const std::string& name);

}  // namespace hp
