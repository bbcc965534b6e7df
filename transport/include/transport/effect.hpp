/* Effect: what the coordinator (coordinator.hpp) wants done. The caller carries effects out in order; one that
 * cannot be done (a peer is gone, its socket broken) is skipped, for its disconnect says the rest. */
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "transport/transaction.hpp"

namespace hp {

struct GuestOutcome { /* of one guest in one program */
  uint32_t vmid = 0;
  std::string name, hostname;
  uint32_t probes = 0;
  std::string reason; /* empty: well */
};

struct Effect {
  enum Kind {
    /* --- to guest `vmid` at `peer`, with `transaction` --- */
    Prepare, /* the program with its descriptors */
    Commit,
    Abort,
    Kill,
    Return, /* it is asked for its descriptor of the program's segment; then files_arrived() */
    /* --- to the journal --- */
    Decide, /* make COMMITTED durable, then call decided(); now or later */
    LogEnd, /* make ENDED durable, with `reason`, before any effect that follows. If that fails, remove the
             * program's object, so that it is not recovered, and go on */
    /* --- to the program's files --- */
    MarkLive, /* its guest table: vmid is live (guests[0]), or gone */
    MarkGone,
    Remake, /* nobody brought its segment back: journal `transaction` for Recovered::first, make it anew from its
             * copy, then files_arrived(); or kill() */
    Forget, /* it is over: close its descriptors, remove its files */
    /* --- to the consumer at `peer` --- */
    Committed, /* guests: where it is enabled */
    Aborted,   /* guests: who cannot; reason */
    Joined,    /* guests[0] */
    Gone,
    Refused, /* guests[0] runs it no more, or not yet; it may join later */
    Ended,   /* reason */
  } kind;
  ProgramIdent program{};
  PeerId peer = 0;
  uint32_t vmid = 0;
  Transaction transaction = 0;
  std::vector<GuestOutcome> guests;
  std::string reason;
};
using Effects = std::vector<Effect>;

}  // namespace hp
