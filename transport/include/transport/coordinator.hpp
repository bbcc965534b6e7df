/* Coordinator: the deciding side of two-phase commit, as pure logic.
 *
 * Inputs are messages, disconnects and the clock; outputs are effects that the caller carries out in
 * order (send a message, tell a consumer, change a segment's guest table). No input or output happens
 * here, so tests can drive any ordering. The protocol is presumed abort: nothing is remembered of a
 * program that was not committed, and whoever asks about an unknown program is told to drop it.
 *
 *     consumer                  coordinator                       guests (participants)
 *        | submit ------------------> |  Preparing                      |
 *        |                            | -- PREPARE ---> every match --> | load, link, count
 *        |                            | <-- PREPARED(count) | REFUSED - |
 *        |         all PREPARED:      | -- COMMIT ---------------------> | enable, atomically
 *        | <------- Committed ------- | <-- COMMITTED ----------------- |
 *        |    a refusal or timeout:   | -- ABORT ----------------------> | forget
 *        | <------- Aborted --------- |                                 |
 *        | kill, or it dies --------> | -- KILL -----------------------> | disable
 *        | <------- Ended ----------- | <-- KILLED -------------------- |
 *
 * A guest that registers while a program is committed gets PREPARE and COMMIT for itself alone
 * (Joined or Refused to the consumer). Guests that register during a program's first phase wait for
 * its outcome. A guest says at registration which programs it runs (it may outlive a coordinator):
 * those that are unknown here it is told to drop.
 *
 * Every message may arrive twice; late and unknown ones are answered so that both sides converge.
 * Time is a count of nanoseconds on any monotonic clock. Not thread-safe. */
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "transport/guest_description.hpp"
#include "transport/result.hpp"
#include "transport/rpc.hpp"

namespace hp {

using Time = std::chrono::nanoseconds;
using PeerId = uint64_t; /* a connection; never used again */

struct GuestInfo : GuestDescription {
  int32_t pid = 0;  /* of its supervisor or machine */
  uint32_t uid = 0; /* by SO_PEERCRED */
};

struct Guest : GuestInfo {
  PeerId peer = 0;
  uint32_t vmid = 0;
  Time since{};
};

struct GuestOutcome { /* of one guest in one program */
  uint32_t vmid = 0;
  std::string name, hostname;
  uint32_t probes = 0;
  std::string reason; /* empty: well */
};

struct Effect {
  enum Kind {
    Prepare, /* to guest `vmid` at `peer`: the program with its descriptors */
    Commit,
    Abort,
    Kill,
    MarkLive, /* the program's guest table: vmid is live, or gone */
    MarkGone,
    Committed, /* to the consumer at `peer`: guests */
    Aborted,   /* guests, reason */
    Joined,    /* guests[0] */
    Gone,
    Refused,
    Ended,  /* reason */
    Forget, /* the program's descriptors can be closed */
  } kind;
  ProgramIdent program{};
  PeerId peer = 0;
  uint32_t vmid = 0;
  std::vector<GuestOutcome> guests;
  std::string reason;
};
using Effects = std::vector<Effect>;

struct ProgramOptions {
  bool skip_failing = false; /* phase one leaves out the guests that fail, instead of aborting */
  Time timeout = std::chrono::seconds(5); /* for each answer of a guest */
};

class Coordinator {
 public:
  using Matcher = std::function<bool(const Guest&)>;
  enum class Phase { Preparing, Committed, Ending };
  enum class Part { Preparing, Prepared, Committing, Enabled, Killing };

  struct Participation {
    Part part = Part::Preparing;
    Time deadline{};
    uint32_t probes = 0;
    bool joined_late = false;
  };
  struct Program {
    ProgramIdent ident{};
    PeerId consumer = 0;
    Phase phase = Phase::Preparing;
    bool told = false; /* the consumer knows that it is committed */
    ProgramOptions options;
    Matcher matches;
    Time since{};
    std::string end_reason;
    std::map<uint32_t, Participation> guests; /* by vmid */
    std::vector<GuestOutcome> failed;         /* phase one */
    std::set<uint32_t> seen; /* vmids in its segment's guest table; not given away meanwhile */
  };

  /* max_guests: vmids run from 1 to max_guests - 1. */
  explicit Coordinator(uint32_t max_guests) : max_guests_(max_guests) {}

  /* --- guests --- */
  struct Registered {
    uint32_t vmid;
    uint32_t pending; /* programs that will be prepared for it right away */
  };
  /* wanted: the vmid it had before (0: none), granted if free. running: programs it runs. */
  Result<Registered> register_guest(PeerId, const GuestInfo&, uint32_t wanted,
                                    const std::vector<ProgramIdent>& running, Time now, Effects&);
  void prepared(PeerId, const ProgramIdent&, uint32_t probes, Time now, Effects&);
  void refused(PeerId, const ProgramIdent&, const std::string& reason, Time now, Effects&);
  void committed(PeerId, const ProgramIdent&, Time now, Effects&);
  void killed(PeerId, const ProgramIdent&, Time now, Effects&);

  /* --- consumers --- */
  Result<> submit(PeerId consumer, const ProgramIdent&, const ProgramOptions&, Matcher, Time now,
                  Effects&);
  /* False: no such program. */
  bool kill(const ProgramIdent&, const std::string& reason, Time now, Effects&);
  void kill_all(const std::string& reason, Time now, Effects&);

  /* --- the world --- */
  void disconnected(PeerId, Time now, Effects&);
  void tick(Time now, Effects&);
  /* When tick has something to do at the latest. */
  std::optional<Time> next_deadline() const;

  const std::map<uint32_t, Guest>& guests() const { return guests_; }
  const std::map<ProgramIdent, Program>& programs() const { return programs_; }
  const Guest* guest_of(PeerId) const;

 private:
  Program* find(const ProgramIdent&);
  Participation* participation(PeerId, const ProgramIdent&, uint32_t& vmid, Program*&);
  GuestOutcome outcome(uint32_t vmid, uint32_t probes = 0, std::string reason = {}) const;
  void send(Effect::Kind, const Program&, uint32_t vmid, Effects&);
  void tell(Effect::Kind, const Program&, std::vector<GuestOutcome>, std::string reason, Effects&);
  void prepare(Program&, const Guest&, bool late, Time now, Effects&);
  void drop_guest(Program&, uint32_t vmid, const std::string& reason, bool tell_guest, Time now,
                  Effects&);
  void advance(Program&, Time now, Effects&);
  void begin_end(Program&, const std::string& reason, Time now, Effects&);
  void abort(Program&, const std::string& reason, Effects&);
  void erase_finished(Effects&);
  Result<uint32_t> choose_vmid(uint32_t wanted);

  uint32_t max_guests_;
  uint32_t last_vmid_ = 0;
  std::map<uint32_t, Guest> guests_; /* by vmid */
  std::map<PeerId, uint32_t> by_peer_;
  std::map<ProgramIdent, Program> programs_;
  std::vector<ProgramIdent> finished_;
};

}  // namespace hp
