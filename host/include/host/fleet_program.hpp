/* FleetProgram: what the coordinator holds of a program beside the transaction's state.
 *
 * Made from a consumer's two descriptors, which are not trusted: the object is read once, checked and copied into a
 * sealed memfd of our own; of the segment see fleet_segment.hpp. After a restart it is made from the base folder's
 * copy of the object, and its segment comes back later: from the consumer, the service manager or a guest. */
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/fleet_limits.hpp"
#include "host/fleet_segment.hpp"
#include "transport/coordinator.hpp"
#include "transport/object.hpp"

namespace hp {

struct FleetProgram {
  static Result<FleetProgram> accept(const Fd& object, Fd segment);
  /* Without its segment: uid, pid and the like are the caller's to set. */
  static Result<FleetProgram> from_object(const ProgramIdent&, Object);

  ProgramIdent ident{};
  std::shared_ptr<const Object> parsed;
  FleetChannel::SharedFd object;   /* a sealed copy of it */
  FleetSegment segment;            /* none: it has not come back */
  FleetSegment::Identity identity; /* of the segment that its guests have */
  Coordinator::Matcher matches;    /* some description is for this guest */
  std::string script;              /* for listings; shortened */
  std::vector<std::string>
      descriptions; /* target:provider:module:function:name; not all of very many */
  int32_t pid = 0;  /* of who submitted it, by SO_PEERCRED */
  uint32_t uid = 0;
  bool destructive = false; /* its object says that it changes guests */
  FleetLimits::Program share;
  bool detached = false;
  bool data_lost = false;                     /* its segment was made anew from the copy */
  uint64_t received_ns = 0, committed_ns = 0; /* since 1970; 0: not yet */
  std::string abort_reason;
  bool end_logged = false;
  std::vector<std::pair<PeerId, std::string>> kills; /* request ids that await its end */

  bool awaits_end(PeerId peer) const;
};

/* Empty if a guest may be called so; otherwise what is wrong: 1 to HP_NAME_MAX - 1 printable ASCII
 * characters, no space or colon (a target ends at a colon). */
std::string bad_guest_name(const std::string& name);

}  // namespace hp
